# From the chosen entry to the guest's own init. Sourced by /init behind the loader; the root is at /new, the disk at /disk.

# Powerless waiting: nothing answers any more, and only a reset ends it.
hang() {
  echo "lab: $*"
  $b sync
  while :; do $b sleep 3600; done
}

# A true panic: the kernel loses its init. With panic=N the supervisor starts the guest again N seconds later.
panic() {
  echo "Kernel panic: $*"
  $b sync
  $b umount /new
  $b mount -o remount,ro /disk
  exit 1
}

# A real kernel is another program: the supervisor finds it on the second disk and starts it with the same initramfs.
# Its first block says what it is; that is written last, so that half a kernel is none.
chain() {
  size=$($b stat -L -c %s "/new$kernel")
  $b dd if="/new$kernel" of=/dev/ubdb bs=4096 seek=1 conv=fsync 2>/dev/null || fail "cannot hand on $kernel"
  printf 'lvsctl-chain\nentry %s\nsize %s\nargs %s\n\n' "$entry" "$size" "$args" >/block
  $b dd if=/block of=/dev/ubdb bs=4096 conv=sync,fsync 2>/dev/null || fail "cannot hand on $kernel"
  $b umount /new
  $b umount /disk
  $b reboot -f
  $b sleep 60
}

# What the loader was told: an entry, once it has handed on.
chained=
for word in $($b cat /proc/cmdline); do
  case $word in
  lab.entry=*) chained=${word#*=} ;;
  esac
done

if [ -n "$chained" ]; then
  load /new "$chained" || fail "no entry $chained"
else
  choose /new || hang "GRUB: ${trouble}. Press any key to continue..."
  echo "lab: booting entry $entry '$title' ($kind $kernel)"
fi
value panic
panic_seconds=${value:-0}
value init
init=${value:-/sbin/init}
value root
[ -n "$chained" ] || [ "$kind" != elf ] || chain
echo "$panic_seconds" >/proc/sys/kernel/panic
echo "lab: panic=$panic_seconds"
if [ "$kind" = twin ]; then
  case $features in
  *hang*) hang 'this kernel hangs' ;;
  *panic*) panic 'this kernel panics' ;;
  esac
  # Labels are resolved by the initrd's nash.
  case $value:$initrd in
  LABEL=*:) panic "VFS: Cannot open root device \"$value\" or 00:00" ;;
  esac
fi

# What is told of the booted kernel, and the files of /proc that tell it.
tell() {
  home=/new/usr/lib/redhat9
  $b mount -t proc proc /new/proc
  $b mount -t tmpfs -o mode=755 run /new/run
  $b mount -t tmpfs -o mode=755 boot $home/boot
  echo "$kind" >$home/boot/kind
  printf %s "$features" >$home/boot/features
  [ "$kind" = twin ] || return
  echo "$release" >$home/boot/osrelease
  echo "$args" >$home/boot/cmdline
  if [ "$release" = 2.4.20-8 ]; then
    stamp='#1 Thu Mar 13 17:54:28 EST 2003' builder='bhcompile@porky.devel.redhat.com'
  else
    stamp='#1 Sat Mar 15 12:00:00 EST 2003' builder="root@$($b cat /lab/root/etc/hostname)"
  fi
  echo "$stamp" >$home/boot/stamp
  echo "Linux version $release ($builder) (gcc version 3.2.2 20030222 (Red Hat Linux 3.2.2-5)) $stamp" >$home/boot/version
  $b mount --bind $home/boot/osrelease /new/proc/sys/kernel/osrelease
  $b mount --bind $home/boot/version /new/proc/version
  $b mount --bind $home/boot/cmdline /new/proc/cmdline
  # The settings of interfaces: those of Linux 2.4.20, and the flags that the kernel's features give.
  $b mount --bind /new/proc/sys/net/ipv4/conf $home/conf
  $b mount -t tmpfs -o mode=755 conf /new/proc/sys/net/ipv4/conf
  $b chroot /new /bin/sh /usr/lib/redhat9/interfaces
  # The hidden patch also keeps a hidden address from being told as the sender's.
  case $features in
  *arp-flags*) ;;
  *hidden*) echo 2 >$home/conf/all/arp_announce ;;
  esac
}
