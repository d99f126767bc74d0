#!/bin/sh
# mmdebstrap hook: leaves the packages that the roles install in a folder of the image, as its only source of packages.
set -eu
root=$1
folder=$root/srv/packages
mkdir -p "$folder"
chroot "$root" apt-get clean
chroot "$root" apt-get install -y --download-only --no-install-recommends ipvsadm vsftpd rsync cron iputils-arping openssh-client \
	gcc libc6-dev make patch bzip2
mv "$root"/var/cache/apt/archives/*.deb "$folder"
(cd "$folder" && apt-ftparchive packages . > Packages && apt-ftparchive release . > Release)
rm -f "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' > "$root/etc/apt/sources.list"
