package mailroom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// kept is what a file holds of a Room.
type kept struct {
	Conversations []*Conversation
	Approved      []keptPermission
	Answers       []Answer
}

type keptPermission struct {
	Country, Address string
	Yes              bool
}

// Keep has the room go on with what a file holds, if it is there, and write every change to it: so tickets of a
// database that outlives the program keep their buyers. Call it before the room is used.
func (r *Room) Keep(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		r.path = path
		return nil
	}
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return fmt.Errorf("%s is damaged: delete it: %w", path, err)
	}
	r.path, r.conversations, r.answers = path, k.Conversations, k.Answers
	for _, p := range k.Approved {
		r.approved[permission{p.Country, p.Address}] = p.Yes
	}
	return nil
}

// save writes the room to its file, all of it and in one step: there is little, and a program that dies must not
// leave half a file. The caller holds the lock.
func (r *Room) save() {
	if r.path == "" {
		return
	}
	k := kept{Conversations: r.conversations, Answers: r.answers}
	for p, yes := range r.approved {
		k.Approved = append(k.Approved, keptPermission{p.country, p.address, yes})
	}
	text, err := json.Marshal(k)
	if err == nil {
		err = os.WriteFile(r.path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(r.path+".new", r.path)
	}
	if err != nil {
		r.options.Log.WarnContext(r.base, "the stand-in's messages are not kept", "error", err)
	}
}
