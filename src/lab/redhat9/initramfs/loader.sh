# GRUB 0.93 as Red Hat 9 had it (with its bootonce.patch), for a root folder that is mounted: reads boot/grub/grub.conf and the
# once-flag in boot/grub/stage2, and chooses. Sourced by /init; busybox sh. $b is busybox.
#
# choose ROOT sets: entry title kernel initrd args release kind (twin, elf) features
#   and fails with `trouble` set where GRUB would stop at its menu and wait for a key.

tab='	'

# read_menu ROOT [N]: sets default fallback has_default, and of entry N: title kernel initrd args
read_menu() {
  menu=$1/boot/grub/grub.conf wanted=${2:-} count=-1
  default=0 fallback= has_default= title= kernel= initrd= args=
  [ -r "$menu" ] || return 1
  while read -r line || [ -n "$line" ]; do
    case $line in
    '' | '#'*) continue ;;
    esac
    word=${line%%[ =$tab]*}
    rest=${line#"$word"}
    # Blanks and one "=" stand between a command and its words.
    while :; do
      case $rest in
      [\ =$tab]*) rest=${rest#?} ;;
      *) break ;;
      esac
    done
    case $word in
    title) count=$((count + 1)) ;;
    esac
    if [ "$count" -lt 0 ]; then
      case $word in
      default) default=$rest has_default=1 ;;
      fallback) fallback=$rest ;;
      esac
    elif [ "$count" = "$wanted" ]; then
      case $word in
      title) title=$rest ;;
      kernel)
        # The folder of the root partition; `--no-mem-option` and the like are GRUB's own.
        while :; do
          case $rest in
          --*' '*) rest=${rest#* } ;;
          *) break ;;
          esac
        done
        kernel=${rest%%[ $tab]*}
        args=${rest#"$kernel"}
        args=${args# }
        kernel=${kernel#"(hd0,0)"}
        ;;
      initrd) initrd=${rest#"(hd0,0)"} ;;
      esac
    fi
  done <"$menu"
  return 0
}

# load ROOT N: what GRUB does before it starts the kernel
load() {
  read_menu "$1" "$2"
  case $2 in
  '' | *[!0-9]*)
    trouble="Error 27: Unrecognized command"
    return 1
    ;;
  esac
  if [ "$2" -gt "$count" ] || [ -z "$kernel" ]; then
    trouble="Error 8: Kernel must be loaded before booting (entry $2)"
    return 1
  fi
  if [ ! -f "$1$kernel" ]; then
    trouble="Error 15: File not found: $kernel"
    return 1
  fi
  if [ -n "$initrd" ] && [ ! -s "$1$initrd" ]; then
    trouble="Error 15: File not found: $initrd"
    return 1
  fi
  kind= release= features=
  read_kernel "$1$kernel"
  if [ -z "$kind" ]; then
    trouble="Error 13: Invalid or unsupported executable format: $kernel"
    return 1
  fi
  entry=$2
}

# A twin kernel is a text; a kernel of User-Mode Linux an ELF program.
read_kernel() {
  case $($b dd if="$1" bs=1 skip=1 count=3 2>/dev/null) in
  ELF)
    kind=elf
    return
    ;;
  esac
  {
    read -r word release rest
    [ "$word" = lvsctl-twin-kernel ] && [ -n "$release" ] || return
    kind=twin
    while read -r word rest; do
      [ "$word" = feature ] && word=${rest%% *} rest=${rest#"$word"} rest=${rest# }
      case $word in
      ipvs | hidden | arp-flags | panic | hang) features="$features$word${rest:+ $rest}
" ;;
      esac
    done
  } <"$1"
}

# The flag is cleared before anything is booted, when the `default` line is met: without one it does nothing.
take_once() {
  once=
  [ -n "$has_default" ] && [ -r "$1/boot/grub/stage2" ] || return
  flagged= kept=
  while read -r line; do
    case $line in
    'once '*) flagged=${line#once } ;;
    *) kept="$kept$line
" ;;
    esac
  done <"$1/boot/grub/stage2"
  [ -n "$flagged" ] || return
  printf %s "$kept" >"$1/boot/grub/stage2"
  $b sync
  once=$flagged
}

choose() {
  trouble=
  if ! read_menu "$1"; then
    trouble="no /boot/grub/grub.conf"
    return 1
  fi
  second=$fallback
  take_once "$1"
  load "$1" "${once:-$default}" && return
  echo "GRUB: $trouble"
  [ -n "$second" ] || return 1
  load "$1" "$second"
}

# value NAME: the last NAME=… of the kernel's words, in $value
value() {
  value=
  for word in $args; do
    case $word in
    "$1="*) value=${word#*=} ;;
    esac
  done
}
