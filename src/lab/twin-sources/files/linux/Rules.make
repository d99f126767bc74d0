# What the Makefiles of all folders share. They set O_TARGET, obj-y, obj-m, X-objs for a module of several files,
# subdir-y, subdir-m, and sub-objs-y: what the subfolders give to O_TARGET.

.PHONY: first_rule modules dummy

comma := ,
empty :=
space := $(empty) $(empty)

# An object, and those it is made of: a.o, or a.o,b.o,c.o
parts = $(subst $(space),$(comma),$(strip $(1) $($(1:.o=-objs))))

subdirs-of-all := $(sort $(subdir-y) $(subdir-m))

first_rule: $(patsubst %,_sub_%,$(subdir-y)) $(O_TARGET)

ifdef O_TARGET
$(O_TARGET): $(patsubst %,_sub_%,$(subdir-y)) $(obj-y) dummy
	@echo '$(foreach o,$(obj-y),$(call parts,$(o)))' > .objlist
	@cat /dev/null $(obj-y) $(sub-objs-y) > $(O_TARGET)
endif

modules: $(patsubst %,_submod_%,$(subdirs-of-all)) $(obj-m)
	@echo '$(foreach o,$(obj-m),$(call parts,$(o)))' > .modlist

%.o: %.c
	$(CC) $(CFLAGS) -DKBUILD_BASENAME=$(subst -,_,$(*F)) -c -o $@ $<
	$(AFTER_FILE)

ifneq ($(strip $(subdirs-of-all)),)
$(patsubst %,_sub_%,$(subdirs-of-all)): dummy
	$(MAKE) -C $(patsubst _sub_%,%,$@)

$(patsubst %,_submod_%,$(subdirs-of-all)): dummy
	$(MAKE) -C $(patsubst _submod_%,%,$@) modules
endif

dummy:
