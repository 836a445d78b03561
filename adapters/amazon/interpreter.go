package amazon

import (
	"maps"
	"mime"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Interpreter is the ports.Interpreter of Amazon: it reads a raw by the reader of its media type.
type Interpreter struct {
	readers map[string]ports.Interpreter
}

var _ ports.Interpreter = (*Interpreter)(nil)

// NewInterpreter returns an interpreter that knows these media types, without parameters, and no others.
func NewInterpreter(readers map[string]ports.Interpreter) *Interpreter {
	return &Interpreter{maps.Clone(readers)}
}

// Interpret implements ports.Interpreter.
func (i *Interpreter) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	kind, _, _ := mime.ParseMediaType(raw.MediaType)
	if read := i.readers[kind]; read != nil {
		return read.Interpret(raw, received)
	}
	return domain.InboundMessage{ReceivedAt: received, Source: raw, Unreadable: "nothing here reads raws of this media type"}
}

// File implements ports.Interpreter.
func (i *Interpreter) File(raw domain.Source, number int) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(raw.MediaType)
	if read := i.readers[kind]; read != nil {
		return read.File(raw, number)
	}
	return nil, domain.Errorf(domain.ErrNotFound, "nothing here reads raws of this media type")
}
