# Installs the modules below $MODLIB/kernel. Run at the top of the tree.
# A module of a twin kernel is text, for depmod and modprobe of a twin: its name, what it needs of others, what it gives them.
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
      if (line ~ /^EXPORT_SYMBOL\(/) print "exports " part[2] > out
      if (line ~ /^extern .*\(/) {
        sub(/^.*[ *]/, "", part[1])
        print "needs " part[1] > out
      }
    }
    close(source)
  }
  {
    folder = FILENAME; sub(/\/\.modlist$/, "", folder)
    for (i = 1; i <= NF; i++) {
      count = split($i, object, /,/)
      for (j = 1; j <= count; j++) sub(/\.o$/, "", object[j])
      out = ENVIRON["MODLIB"] "/kernel/" folder "/" object[1] ".o"
      print "lvsctl-twin-module " object[1] > out
      if (count == 1) scan(folder "/" object[1] ".c")
      for (j = 2; j <= count; j++) scan(folder "/" object[j] ".c")
      close(out)
    }
  }
' $lists
