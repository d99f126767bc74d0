# Prints the symbols of what is built in, as a System.map has them. Run at the top of the tree.
files='init/main.c init/version.c'
for list in $(find kernel drivers fs net -name .objlist -print); do
  folder=${list%/.objlist}
  read objects < $list
  for object in $objects; do
    # a.o, or a.o,b.o,c.o: a.o is made of the others
    for part in $(IFS=,; set -- $object; [ $# = 1 ] || shift; echo $*); do files="$files $folder/${part%.o}.c"; done
  done
done
exec $AWK '
  /^EXPORT_SYMBOL/ { split($0, part, /[()]/); printf "c01%05x T %s\n", count * 64, part[2]; count++ }
' $files
