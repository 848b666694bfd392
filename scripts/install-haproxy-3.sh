#!/bin/sh
# Installs HAProxy 3.0 of Debian 13 with its libraries into a folder of its own, for the tests of deploy/haproxy/haproxy.cfg.
# It changes nothing outside of this folder, and prints the path of the program.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/stackmeter/haproxy-3}
program=$folder/haproxy
[ -x "$program" ] && "$program" -v >/dev/null 2>&1 && echo "$program" && exit

new=$folder.new
rm -rf "$new"
mkdir -p "$new/lists/partial" "$new/cache/archives/partial" "$new/root" "$new/debs"
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] http://deb.debian.org/debian trixie main" >"$new/sources.list"
cat >"$new/apt.conf" <<END
Dir::Etc::sourcelist "$new/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$new/lists";
Dir::Cache "$new/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
END
export APT_CONFIG="$new/apt.conf"
apt-get update -qq
# HAProxy's libraries and their libraries. The C library is among them, since Debian 12's is too old for the program.
(cd "$new/debs" && apt-get download -qq haproxy libc6 libcrypt1 libgcc-s1 libjemalloc2 liblua5.4-0 libopentracing-c-wrapper0t64 \
  libopentracing1 libpcre2-8-0 libssl3t64 libstdc++6 libzstd1 zlib1g)
for package in "$new"/debs/*.deb; do dpkg -x "$package" "$new/root"; done
rm -rf "$new/lists" "$new/cache" "$new/debs" "$new/sources.list" "$new/apt.conf"

cat >"$new/haproxy" <<'END'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
loader=$(echo "$root"/usr/lib/*/ld-linux-*.so.*)
exec "$loader" --library-path "$(dirname "$loader")" "$root/usr/sbin/haproxy" "$@"
END
chmod 755 "$new/haproxy"
"$new/haproxy" -v >&2
rm -rf "$folder"
mv "$new" "$folder"
echo "$program"
