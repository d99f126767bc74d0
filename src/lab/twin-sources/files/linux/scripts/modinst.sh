# Installs the modules below $MODLIB/kernel. Run at the top of the tree.
# A module of a twin kernel is text, for depmod and modprobe of a twin: its name, what it needs of others, what it gives them, and
# the modules that follow from it.
lists= folders=
for list in $(find kernel drivers fs net -name .modlist -print); do
  read modules < $list
  [ -n "$modules" ] || continue
  lists="$lists $list"
  folders="$folders $MODLIB/kernel/${list%/.modlist}"
done
[ -n "$lists" ] || exit 0
mkdir -p $folders || exit 1
exec $AWK '
  function scan(source,    line, part) {
    while ((getline line < source) > 0) {
      split(line, part, /[()]/)
      if (line ~ /^EXPORT_SYMBOL\(/) {
        print "exports " part[2] > out
        giver[part[2]] = name
      }
      if (line ~ /^extern .*\(/) {
        sub(/^.*[ *]/, "", part[1])
        print "needs " part[1] > out
        needs[out] = needs[out] " " part[1]
      }
    }
    close(source)
  }
  {
    folder = FILENAME; sub(/\/\.modlist$/, "", folder)
    for (i = 1; i <= NF; i++) {
      count = split($i, object, /,/)
      for (j = 1; j <= count; j++) sub(/\.o$/, "", object[j])
      name = object[1]
      out = ENVIRON["MODLIB"] "/kernel/" folder "/" name ".o"
      print "lvsctl-twin-module " name > out
      if (count == 1) scan(folder "/" object[1] ".c")
      for (j = 2; j <= count; j++) scan(folder "/" object[j] ".c")
      close(out)
      name_of[out] = name
    }
  }
  END {
    for (out in needs) {
      split("", told); told[name_of[out]] = 1
      count = split(needs[out], symbol, " ")
      for (i = 1; i <= count; i++) {
        name = giver[symbol[i]]
        if (name != "" && !(name in told)) print "depends " name >> out
        told[name] = 1
      }
      close(out)
    }
  }
' $lists
