#!/bin/sh
# The browser tests need an installed Chromium. As root it is installed; else we say what to do.
for name in ${LOUNGE_CHROMIUM:-} chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null && exit 0
fi
echo "make: Chromium is missing: apt-get install chromium, or name one in LOUNGE_CHROMIUM" >&2
exit 1
