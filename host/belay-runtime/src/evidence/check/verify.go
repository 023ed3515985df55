// Checks an unpacked evidence file of belay with Debian's Go libraries alone:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run check/verify.go
//
// It trusts the key in ledger.vkey, or the one in the file that is named behind it, which may be one that the log had
// earlier: each change of keys is signed by the key before. It checks that the key signed the checkpoint and the list of digests, that every entry is in the log, that what entries name is there or accounted for,
// and, where the whole log is there, its tiles, its sequence, and that every outcome closes one intent. Not checked
// are people's signatures: ssh-keygen does that, as README.md says.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What an entry says, as far as it matters here.
type entry struct {
	Seq     *int64
	At      int64
	Run     string
	Kind    string
	Parent  *int64
	Body    json.RawMessage
	Blobs   []string
	Objects []string
}

type manifest struct {
	Format  string
	Version int
	Origin  string
	Size    int64
	Root    string
	Entries []int64
	Objects map[string]string
	WithLog bool `json:"with_log"`
}

type blob struct {
	Commitment, State, Name, Salt string
	Entry                         int64
}

var problems int

func find(where, what string, more ...any) {
	problems++
	fmt.Printf("  %s: %s\n", where, fmt.Sprintf(what, more...))
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		find(path, "%v", err)
	}
	return data
}

func decode(path string, into any) {
	if err := json.Unmarshal(read(path), into); err != nil {
		find(path, "%v", err)
	}
}

func main() {
	keyFile := "ledger.vkey"
	if len(os.Args) > 1 {
		keyFile = os.Args[1]
	}
	var about manifest
	decode("manifest.json", &about)
	verifier, err := present(strings.TrimSpace(string(read(keyFile))), about.Entries)
	if err != nil {
		fmt.Printf("not sound\n  %s: %v\n", keyFile, err)
		os.Exit(1)
	}
	size, root := checkpoint(verifier)
	seal(verifier)
	if about.Origin != verifier.Name() || about.Size != size || about.Root != hex.EncodeToString(root[:]) {
		find("manifest.json", "it names another log or tree than the checkpoint")
	}
	chosen := entries(about, size, root)
	named(about, chosen)
	earlier(size, root)
	if about.WithLog {
		log(size, root)
	}
	if problems > 0 {
		fmt.Printf("not sound: %d problems\n", problems)
		os.Exit(1)
	}
	fmt.Printf("sound: %s, %d entries of %d, root %x\n", about.Origin, len(chosen), size, root[:])
	if !about.WithLog {
		fmt.Println("the whole log is not in this file: that no entry was left out is not proven")
	}
}

// From a key that the log had to the one that it has now. The notes speak for themselves: each is signed by the key before.
func present(key string, entries []int64) (note.Verifier, error) {
	verifier, err := note.NewVerifier(key)
	for _, seq := range entries {
		var change struct {
			Kind string
			Body struct{ Before, After, Note string }
		}
		data, _ := os.ReadFile(fmt.Sprintf("entries/%d.json", seq))
		if err != nil || json.Unmarshal(data, &change) != nil || change.Body.Before != key {
			continue
		}
		switch change.Kind {
		case "key.compromised":
			return nil, fmt.Errorf("entry %d says that this key was compromised: get the present one on another way", seq)
		case "key.rotated":
			opened, problem := note.Open([]byte(change.Body.Note), note.VerifierList(verifier))
			said := fmt.Sprintf("belay key change v1\nbefore %s\nafter %s\n", key, change.Body.After)
			if problem != nil || opened.Text != said {
				return nil, fmt.Errorf("entry %d changes the key, and the key before did not sign that", seq)
			}
			key = change.Body.After
			verifier, err = note.NewVerifier(key)
		}
	}
	return verifier, err
}

// The head that the key signed.
func checkpoint(verifier note.Verifier) (int64, tlog.Hash) {
	opened, err := note.Open(read("checkpoint"), note.VerifierList(verifier))
	if err != nil {
		find("checkpoint", "%v", err)
		return 0, tlog.Hash{}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		find("checkpoint", "it belongs to another log")
		return 0, tlog.Hash{}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		find("checkpoint", "%v", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		find("checkpoint", "%v", err)
	}
	return size, root
}

// The key signed the list of digests, the list is right, and it names everything that is here.
func seal(verifier note.Verifier) {
	sums := read("SHA256SUMS")
	opened, err := note.Open(read("SHA256SUMS.note"), note.VerifierList(verifier))
	if err != nil {
		find("SHA256SUMS.note", "%v", err)
	} else if opened.Text != fmt.Sprintf("belay evidence v1\n%x\n", sha256.Sum256(sums)) {
		find("SHA256SUMS", "it is not the list that was signed")
	}
	listed := map[string]bool{"SHA256SUMS": true, "SHA256SUMS.note": true}
	for _, line := range strings.Split(strings.TrimSuffix(string(sums), "\n"), "\n") {
		digest, path, _ := strings.Cut(line, "  ")
		listed[path] = true
		if data, err := os.ReadFile(path); err != nil {
			find(path, "%v", err)
		} else if digest != fmt.Sprintf("%x", sha256.Sum256(data)) {
			find(path, "it is not what was sealed")
		}
	}
	filepath.Walk(".", func(path string, found os.FileInfo, err error) error {
		if err == nil && !found.IsDir() && !listed[path] {
			find(path, "it was added later: the list does not have it")
		}
		return nil
	})
}

// Each entry against its proof.
func entries(about manifest, size int64, root tlog.Hash) map[int64]entry {
	chosen := map[int64]entry{}
	for _, seq := range about.Entries {
		path := fmt.Sprintf("entries/%d.json", seq)
		data := read(path)
		proof, err := proofOf(seq)
		if err == nil {
			err = tlog.CheckRecord(proof, size, root, seq, tlog.RecordHash(data))
		}
		if err != nil {
			find(path, "it is not proven to be entry %d: %v", seq, err)
			continue
		}
		var read entry
		if err := json.Unmarshal(data, &read); err != nil || read.Seq == nil || *read.Seq != seq {
			find(path, "it does not say that it is entry %d", seq)
			continue
		}
		chosen[seq] = read
	}
	return chosen
}

// The hashes of a C2SP tlog-proof, whose checkpoint must be the one beside it.
func proofOf(seq int64) (tlog.RecordProof, error) {
	text := string(read(fmt.Sprintf("proofs/%d.tlog-proof", seq)))
	head, note, found := strings.Cut(text, "\n\n")
	if !found || note != string(read("checkpoint")) {
		return nil, fmt.Errorf("its proof leads to another checkpoint")
	}
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", seq) {
		return nil, fmt.Errorf("its proof is another's")
	}
	hashes, err := parse(lines[2:])
	return tlog.RecordProof(hashes), err
}

func parse(lines []string) (hashes []tlog.Hash, err error) {
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// What entries name: there and as named, or accounted for.
func named(about manifest, chosen map[int64]entry) {
	var lines []blob
	decode("blobs.json", &lines)
	said := map[string]blob{}
	for _, line := range lines {
		said[fmt.Sprint(line.Entry, line.Commitment)] = line
	}
	for seq, entry := range chosen {
		for _, commitment := range entry.Blobs {
			line, found := said[fmt.Sprint(seq, commitment)]
			path := "blobs/" + commitment
			switch {
			case !found:
				find(path, "blobs.json does not say what became of it; entry %d names it", seq)
			case line.State == "present" && !line.fits(path):
				find(path, "missing, or not what was committed to; entry %d names it", seq)
			case line.State == "redacted" && !redacted(chosen, seq, commitment):
				find(path, "missing without authority: no redaction took it; entry %d names it", seq)
			case line.State != "present" && line.State != "withheld" && line.State != "redacted":
				find(path, "missing without authority: no redaction took it; entry %d names it", seq)
			}
		}
		for _, digest := range entry.Objects {
			path := "objects/" + digest
			switch about.Objects[digest] {
			case "present":
				if digest != fmt.Sprintf("%x", sha256.Sum256(read(path))) {
					find(path, "its bytes are not what its name says")
				}
			case "withheld":
			default:
				find(path, "missing; entry %d names it", seq)
			}
		}
	}
}

// Whether the blob is SHA-256 over salt, length of the name, name and bytes.
func (line blob) fits(path string) bool {
	salt, err := hex.DecodeString(line.Salt)
	if err != nil || len(salt) != 16 {
		return false
	}
	data := binary.BigEndian.AppendUint64(salt, uint64(len(line.Name)))
	data = append(append(data, line.Name...), read(path)...)
	return line.Commitment == fmt.Sprintf("%x", sha256.Sum256(data))
}

// Whether a later entry took the blob away: a redaction that one person asked for and another approved, or retention.
func redacted(chosen map[int64]entry, of int64, commitment string) bool {
	for seq, entry := range chosen {
		var body struct {
			Entry, Asked int64
			Person       string
			AskedBy      string `json:"asked_by"`
			Blobs        []struct{ Commitment string }
			Runs, Months []string
			Kept         []string
		}
		if seq <= of || json.Unmarshal(entry.Body, &body) != nil {
			continue
		}
		if entry.Kind == "retention.applied" {
			named := has(body.Runs, chosen[of].Run) && chosen[of].Run != ""
			month := time.UnixMilli(chosen[of].At).UTC().Format("2006-01")
			if (named || chosen[of].Run == "" && has(body.Months, month)) && !has(body.Kept, chosen[of].Kind) {
				return true
			}
		}
		if entry.Kind != "redaction" || body.Entry != of || body.Person == body.AskedBy {
			continue
		}
		asked, found := chosen[body.Asked]
		for _, blob := range body.Blobs {
			if blob.Commitment == commitment && found && asked.Kind == "redaction.asked" &&
				bytes.Contains(asked.Body, []byte(commitment)) {
				return true
			}
		}
	}
	return false
}

func has(list []string, name string) bool {
	for _, found := range list {
		if found == name {
			return true
		}
	}
	return false
}

// Earlier trees: each is the beginning of this one.
func earlier(size int64, root tlog.Hash) {
	paths, _ := filepath.Glob("consistency/*.proof")
	for _, path := range paths {
		lines := strings.Split(strings.TrimSuffix(string(read(path)), "\n"), "\n")
		var old, new int64
		var oldRoot, newRoot string
		if len(lines) < 3 || lines[0] != "belay consistency v1" {
			find(path, "it is no proof")
			continue
		}
		fmt.Sscanf(lines[1], "old %d %s", &old, &oldRoot)
		fmt.Sscanf(lines[2], "new %d %s", &new, &newRoot)
		hashes, err := parse(lines[3:])
		oldHash, oldErr := tlog.ParseHash(oldRoot)
		if err != nil || oldErr != nil || new != size || newRoot != base64.StdEncoding.EncodeToString(root[:]) {
			find(path, "it leads to another tree, or is no proof")
		} else if old == new && (oldHash != root || len(hashes) > 0) {
			find(path, "the earlier tree is another one of the same size")
		} else if old < new {
			if err := tlog.CheckTree(tlog.TreeProof(hashes), size, root, old, oldHash); err != nil {
				find(path, "the earlier tree is not the beginning of the one that was signed")
			}
		}
	}
}

// Hashes of the tree, in the order in which the library stores them.
type storage []tlog.Hash

func (hashes storage) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		found = append(found, hashes[index])
	}
	return found, nil
}

// The whole log: entries to the root, tiles, sequence, pairing.
func log(size int64, root tlog.Hash) {
	var hashes storage
	intents := map[int64]bool{}
	for n := int64(0); n*256 < size; n++ {
		width := min(256, int(size-n*256))
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: n, W: width}.Path(), "tile/8/0/", "log/tile/entries/", 1)
		data := read(path)
		for index := 0; index < width; index++ {
			seq := n*256 + int64(index)
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				find(path, "entry %d is cut off", seq)
				return
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			pair(seq, data[2:end], intents)
			more, err := tlog.StoredHashesForRecordHash(seq, tlog.RecordHash(data[2:end]), hashes)
			if err != nil {
				find(path, "%v", err)
				return
			}
			hashes = append(hashes, more...)
			data = data[end:]
		}
		if len(data) > 0 {
			find(path, "it goes on after its last entry")
		}
	}
	if found, err := tlog.TreeHash(size, hashes); err != nil || found != root {
		find("log", "its entries do not lead to the root that was signed")
	}
	for level := 0; size>>(8*level) > 0 && level < 8; level++ {
		count := size >> (8 * level)
		for n := int64(0); n*256 < count; n++ {
			tile := tlog.Tile{H: 8, L: level, N: n, W: min(256, int(count-n*256))}
			path := strings.Replace(tile.Path(), "tile/8/", "log/tile/", 1)
			expected, err := tlog.ReadTileData(tile, hashes)
			if err != nil || !bytes.Equal(expected, read(path)) {
				find(path, "it is not what follows from the entries")
			}
		}
	}
	for seq, closed := range intents {
		if !closed {
			fmt.Printf("  entry %d: an intent without an outcome: a run was under way, or waits to be resumed\n", seq)
		}
	}
}

// Sequence, and that every outcome closes one intent before it.
func pair(seq int64, data []byte, intents map[int64]bool) {
	where := fmt.Sprintf("entry %d", seq)
	var read entry
	if err := json.Unmarshal(data, &read); err != nil || read.Seq == nil || *read.Seq != seq {
		find(where, "it does not say that it is entry %d", seq)
		return
	}
	if read.Parent != nil && *read.Parent >= seq {
		find(where, "its parent does not come before it")
	}
	switch read.Kind {
	case "intent":
		intents[seq] = false
	case "outcome":
		var body struct{ Intent *int64 }
		if json.Unmarshal(read.Body, &body) != nil || body.Intent == nil {
			find(where, "an outcome that names no intent")
		} else if closed, found := intents[*body.Intent]; !found || closed {
			find(where, "an outcome of entry %d, which is no open intent before it", *body.Intent)
		} else {
			intents[*body.Intent] = true
		}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
