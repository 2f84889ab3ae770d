#!/bin/bash
# What is built gets installed and is removed again without a rest; the source
# archive of a commit has the same bytes twice.
set -eu
to=$TMPDIR/root
install() { make -s BUILD="$BUILD" DESTDIR="$to" PREFIX=/usr "$@"; }

install install >/dev/null
for program in "$BUILD"/bin/*; do
	[ ! -f "$program" ] || cmp "$program" "$to/usr/bin/${program##*/}"
done
for model in model/*.gguf; do
	[ ! -f "$model" ] || cmp "$model" "$to/usr/share/confer/${model##*/}"
done
for page in docs/man/*.[1-8]; do
	[ ! -f "$page" ] ||
		cmp "$page" "$to/usr/share/man/man${page##*.}/${page##*/}"
done
cmp LICENSE "$to/usr/share/doc/confer/LICENSE"
install uninstall >/dev/null
left=$(find "$to" -type f)
[ -z "$left" ] || { echo "left after uninstall: $left"; exit 1; }

if git rev-parse -q --verify HEAD >/dev/null 2>&1; then
	for n in 1 2; do
		SOURCES=1 make -s dist DIST="$TMPDIR/$n" >"$TMPDIR/sum.$n"
	done
	cmp "$TMPDIR/sum.1" "$TMPDIR/sum.2"
	tar -tzf "$TMPDIR"/1/confer-*.tar.gz | grep -q '/README.md$'
fi
