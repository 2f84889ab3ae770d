// A second reader and writer of logs, over golang.org/x/mod/sumdb, which the Go
// checksum database runs on: an implementation of trees, tiles and notes that
// shares no line with ours. For tests/e2e/82_log_go.py.
//
//	peer read DIR VKEY PROOF...	check a log's public directory: note,
//		every tile, every entry, consistency, and tlog-proof files
//	peer write DIR NAME N NOW	make a log of N entries, cosigned by a
//		witness at NOW, with a policy for it and all proofs
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(2)
	}
}

func check(ok bool, format string, args ...interface{}) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

// The library's paths name the tile height; those of tlog-tiles do not.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
}

// Tiles from a directory, for the library's own authenticated reader.
type dirTiles string

func (d dirTiles) Height() int                         { return height }
func (d dirTiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (d dirTiles) ReadTiles(t []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(t))
	for i, tile := range t {
		raw, err := os.ReadFile(filepath.Join(string(d), tilePath(tile)))
		if err != nil {
			full := tile
			full.W = 1 << height
			raw, err = os.ReadFile(filepath.Join(string(d), tilePath(full)))
			if err != nil {
				return nil, err
			}
			raw = raw[:tile.W*tlog.HashSize]
		}
		data[i] = raw
	}
	return data, nil
}

// origin, size, root: the text of a checkpoint.
func parseCheckpoint(text, origin string) tlog.Tree {
	line := strings.Split(text, "\n")
	check(len(line) == 4 && line[0] == origin, "checkpoint of %q", line[0])
	size, err := strconv.ParseInt(line[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(line[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func openCheckpoint(raw []byte, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	n, err := note.Open(raw, note.VerifierList(verifier))
	must(err)
	return parseCheckpoint(n.Text, verifier.Name())
}

// The entries of the bundle that holds entry i of a tree of n.
func readBundle(dir string, i, n int64) [][]byte {
	t := tlog.Tile{H: height, L: 0, N: i >> height, W: 1 << height}
	if (i>>height+1)<<height > n {
		t.W = int(n & (1<<height - 1))
	}
	path := strings.Replace(tilePath(t), "tile/0/", "tile/entries/", 1)
	raw, err := os.ReadFile(filepath.Join(dir, path))
	must(err)
	var entries [][]byte
	for len(raw) > 0 {
		check(len(raw) >= 2, "%s: one byte of a length", path)
		l := int(binary.BigEndian.Uint16(raw))
		check(len(raw) >= 2+l, "%s: entry is cut off", path)
		entries = append(entries, raw[2:2+l])
		raw = raw[2+l:]
	}
	check(len(entries) == t.W, "%s: %d entries", path, len(entries))
	return entries
}

func readLog(dir, vkey string, proofs []string) {
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	tree := openCheckpoint(raw, vkey)
	hashes := tlog.TileHashReader(tree, dirTiles(dir))
	root, err := tlog.TreeHash(tree.N, hashes)
	must(err)
	check(root == tree.Hash, "the tiles have another root")
	leaves := map[tlog.Hash]int64{}
	for i := int64(0); i < tree.N; {
		for _, entry := range readBundle(dir, i, tree.N) {
			p, err := tlog.ProveRecord(tree.N, i, hashes)
			must(err)
			leaf := tlog.RecordHash(entry)
			must(tlog.CheckRecord(p, tree.N, tree.Hash, i, leaf))
			leaves[leaf] = i
			i++
		}
	}
	for old := int64(1); old <= tree.N; old += 1 + old/7 {
		hash, err := tlog.TreeHash(old, hashes)
		must(err)
		p, err := tlog.ProveTree(tree.N, old, hashes)
		must(err)
		must(tlog.CheckTree(p, tree.N, tree.Hash, old, hash))
	}
	for _, path := range proofs {
		readProof(path, vkey, leaves)
	}
	fmt.Printf("size %d, %d proofs\n", tree.N, len(proofs))
}

// A c2sp.org/tlog-proof@v1 file, for whichever entry of the log it is.
func readProof(path, vkey string, leaves map[tlog.Hash]int64) {
	raw, err := os.ReadFile(path)
	must(err)
	part := bytes.SplitN(raw, []byte("\n\n"), 2)
	check(len(part) == 2, "%s: no checkpoint", path)
	line := strings.Split(string(part[0]), "\n")
	check(line[0] == "c2sp.org/tlog-proof@v1", "%s: %s", path, line[0])
	index, err := strconv.ParseInt(strings.TrimPrefix(line[1], "index "), 10, 64)
	must(err)
	var p tlog.RecordProof
	for _, text := range line[2:] {
		hash, err := tlog.ParseHash(text)
		must(err)
		p = append(p, hash)
	}
	tree := openCheckpoint(part[1], vkey)
	for leaf, i := range leaves {
		if i == index {
			must(tlog.CheckRecord(p, tree.N, tree.Hash, index, leaf))
			return
		}
	}
	check(false, "%s: no entry %d", path, index)
}

type memory []tlog.Hash

func (m memory) ReadHashes(index []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(index))
	for i, x := range index {
		out[i] = m[x]
	}
	return out, nil
}

// A witness: its vkey, and its cosignature/v1 line for a checkpoint.
func cosign(name, text string, now uint64) (string, string) {
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	key := append([]byte{4}, pub...)
	hash := sha256.Sum256(append([]byte(name+"\n"), key...))
	sig := ed25519.Sign(private, []byte(fmt.Sprintf(
		"cosignature/v1\ntime %d\n%s", now, text)))
	blob := binary.BigEndian.AppendUint64(append([]byte{}, hash[:4]...), now)
	blob = append(blob, sig...)
	return fmt.Sprintf("%s+%x+%s", name, hash[:4],
			base64.StdEncoding.EncodeToString(key)),
		fmt.Sprintf("\u2014 %s %s\n", name,
			base64.StdEncoding.EncodeToString(blob))
}

func writeFile(dir, path string, data []byte) {
	path = filepath.Join(dir, path)
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, data, 0o644))
}

func writeLog(dir, name string, n int64, now uint64) {
	private, vkey, err := note.GenerateKey(rand.Reader, name)
	must(err)
	signer, err := note.NewSigner(private)
	must(err)
	var stored memory
	var bundle []byte
	for i := int64(0); i < n; i++ {
		entry := []byte(fmt.Sprintf("entry %d of a foreign log\n", i))
		writeFile(dir, fmt.Sprintf("entry/%d", i), entry)
		h, err := tlog.StoredHashes(i, entry, stored)
		must(err)
		stored = append(stored, h...)
		bundle = append(bundle, byte(len(entry)>>8), byte(len(entry)))
		bundle = append(bundle, entry...)
		if (i+1)%(1<<height) == 0 || i+1 == n {
			t := tlog.Tile{H: height, N: i >> height,
				W: int(i&(1<<height-1)) + 1}
			writeFile(dir, strings.Replace(tilePath(t), "tile/0/",
				"tile/entries/", 1), bundle)
			bundle = nil
		}
	}
	for _, t := range tlog.NewTiles(height, 0, n) {
		data, err := tlog.ReadTileData(t, stored)
		must(err)
		writeFile(dir, tilePath(t), data)
	}
	root, err := tlog.TreeHash(n, stored)
	must(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", name, n, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	witness, line := cosign("go.example.org/witness", text, now)
	signed = append(signed, line...)
	writeFile(dir, "policy", []byte(
		"log "+vkey+"\nwitness w "+witness+"\nquorum w\n"))
	writeFile(dir, "checkpoint", signed)
	for i := int64(0); i < n; i++ {
		p, err := tlog.ProveRecord(n, i, stored)
		must(err)
		out := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", i)
		for _, h := range p {
			out += base64.StdEncoding.EncodeToString(h[:]) + "\n"
		}
		writeFile(dir, fmt.Sprintf("proof/%d", i),
			append([]byte(out+"\n"), signed...))
	}
	fmt.Println(vkey)
}

func main() {
	arg := os.Args[1:]
	switch {
	case len(arg) >= 3 && arg[0] == "read":
		readLog(arg[1], arg[2], arg[3:])
	case len(arg) == 5 && arg[0] == "write":
		n, err := strconv.ParseInt(arg[3], 10, 64)
		must(err)
		now, err := strconv.ParseUint(arg[4], 10, 64)
		must(err)
		writeLog(arg[1], arg[2], n, now)
	default:
		must(fmt.Errorf("usage: peer read DIR VKEY PROOF... | write DIR NAME N NOW"))
	}
}
