// Checks published logs with Debian's Go libraries alone, which know nothing of belay. Arguments: the key to believe, then the
// folders of logs. Prints a line for each: what is wrong first, or its size and root.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify_log verify_log.go
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type storage []tlog.Hash

func (hashes storage) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		found = append(found, hashes[index])
	}
	return found, nil
}

func main() {
	for _, folder := range os.Args[2:] {
		size, root, err := verify(os.Args[1], folder)
		if err != nil {
			fmt.Printf("wrong: %q\n", err.Error())
			continue
		}
		fmt.Printf("sound: %d %x\n", size, root[:])
	}
}

func verify(key, folder string) (size int64, root tlog.Hash, err error) {
	beside, err := os.ReadFile(filepath.Join(folder, "ledger.vkey"))
	if err != nil || strings.TrimRight(string(beside), "\n") != key {
		return 0, root, fmt.Errorf("another key: %v", err)
	}
	if size, root, err = checkpoint(key, folder); err != nil {
		return 0, root, err
	}
	hashes, err := entries(folder, size)
	if err != nil {
		return 0, root, err
	}
	found, err := tlog.TreeHash(size, hashes)
	if size == 0 {
		// Older versions of the library give zeros; RFC 6962 says what no entries hash to.
		found = sha256.Sum256(nil)
	}
	if err != nil || found != root {
		return 0, root, fmt.Errorf("the entries do not lead to the root: %v", err)
	}
	for level := 0; level < 8 && size>>(8*level) > 0; level++ {
		count := size >> (8 * level)
		for n := int64(0); n*256 < count; n++ {
			tile := tlog.Tile{H: 8, L: level, N: n, W: width(n, count)}
			expected, err := tlog.ReadTileData(tile, hashes)
			if err != nil {
				return 0, root, err
			}
			path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
			if found, err := os.ReadFile(filepath.Join(folder, path)); err != nil || !bytes.Equal(found, expected) {
				return 0, root, fmt.Errorf("%s: %v", path, err)
			}
		}
	}
	return size, root, nil
}

func checkpoint(key, folder string) (size int64, root tlog.Hash, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, root, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return 0, root, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return 0, root, err
	}
	// The library lets a signature end in bits that mean nothing.
	for _, signature := range opened.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return 0, root, err
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return 0, root, fmt.Errorf("no checkpoint of this log")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, root, err
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}

func entries(folder string, size int64) (hashes storage, err error) {
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: 0, N: n, W: width(n, size)}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		for seq := n * 256; seq < n*256+int64(tile.W); seq++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s: entry %d is cut off", path, seq)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			var entry struct{ Seq *int64 }
			if err := json.Unmarshal(data[2:end], &entry); err != nil || entry.Seq == nil || *entry.Seq != seq {
				return nil, fmt.Errorf("%s: not entry %d: %v", path, seq, err)
			}
			more, err := tlog.StoredHashesForRecordHash(seq, tlog.RecordHash(data[2:end]), hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
			data = data[end:]
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("%s: more than its entries", path)
		}
	}
	return hashes, nil
}

func width(n, count int64) int {
	if rest := count - n*256; rest < 256 {
		return int(rest)
	}
	return 256
}
