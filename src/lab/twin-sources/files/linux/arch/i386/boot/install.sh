#!/bin/sh
#
# Arguments: kernel version, image, System.map, folder (default /boot)
#
# An installkernel of the user's or the distribution's comes first.
if [ -x ~/bin/installkernel ]; then exec ~/bin/installkernel "$@"; fi
if [ -x /sbin/installkernel ]; then exec /sbin/installkernel "$@"; fi

folder=${4:-/boot}
for file in vmlinuz System.map; do
  if [ -f $folder/$file ]; then mv $folder/$file $folder/$file.old; fi
done
cat $2 > $folder/vmlinuz
cp $3 $folder/System.map
