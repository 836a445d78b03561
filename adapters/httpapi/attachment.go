package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// attachmentAnswer is a file that came with a message, without its content.
type attachmentAnswer struct {
	ID           uuid.UUID `json:"id"`
	Name         string    `json:"name"`
	Type         string    `json:"type"`
	DeclaredType string    `json:"declaredType"`
	Size         int64     `json:"size"`
	Inline       bool      `json:"inline"`
	Flags        []string  `json:"flags"`
	URL          *string   `json:"url"` // null when it is listed only
}

func showAttachments(ticket domain.TicketID, files []domain.File) []attachmentAnswer {
	out := make([]attachmentAnswer, len(files))
	for i, f := range files {
		out[i] = attachmentAnswer{
			ID: f.ID.UUID, Name: f.Name, Type: f.Type, DeclaredType: f.DeclaredType, Size: f.Size, Inline: f.Inline,
			Flags: textsOf(f.Flags),
		}
		if !slices.Contains(f.Flags, domain.FileNotRead) {
			out[i].URL = orNull(apiBase + "/tickets/" + ticket.String() + "/attachments/" + f.ID.String())
		}
	}
	return out
}

// textsOf is flags as JSON has them: never null.
func textsOf[T ~string](flags []T) []string {
	out := make([]string, len(flags))
	for i, f := range flags {
		out[i] = string(f)
	}
	return out
}

// inertTypes are the media types that a file is given out as, by what its bytes are. A browser runs nothing in them. All
// others are bytes of no type.
var inertTypes = map[string]string{
	"image/png": "image/png", "image/jpeg": "image/jpeg", "image/gif": "image/gif", "image/webp": "image/webp",
	"application/pdf": "application/pdf", "text/plain": "text/plain; charset=utf-8",
}

const unknownType = "application/octet-stream"

func (s *Server) getAttachment(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q := app.FileQuery{TicketQuery: app.TicketQuery{Tenant: tenant}}
	var err error
	if q.Ticket, err = ticketOf(r); err != nil {
		return err
	}
	if q.File, err = domain.ParseID[domain.FileID](mux.Vars(r)["attachmentId"]); err != nil {
		return domain.Errorf(domain.ErrNotFound, "there is no such attachment")
	}
	f, content, err := s.app.GetFile.Run(r.Context(), q)
	if err != nil {
		return err
	}
	contentType := inertTypes[baseType(f.Type)]
	if contentType == "" {
		contentType = unknownType
	}
	w.Header().Set("ETag", `"`+f.Digest.String()+`"`)
	writeFile(w, contentType, f.Name, content)
	return nil
}

// baseType is a media type without its parameters.
func baseType(s string) string {
	base, _, _ := strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// writeFile sends what somebody else has made as a file to be saved. Nothing of it is ever shown or run on this server's
// behalf, whatever a browser makes of it.
func writeFile(w http.ResponseWriter, contentType, name string, content []byte) {
	h := w.Header()
	h.Set("Content-Disposition", disposition(name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	write(w, http.StatusOK, contentType, content)
}

// disposition is the Content-Disposition of a file to be saved under a name (RFC 6266): in ASCII for old clients and, where
// that is not all of it, in UTF-8 (RFC 5987). No name reaches beyond its quotes.
func disposition(name string) string {
	if name = strings.ToValidUTF8(name, "_"); name == "" {
		name = "file"
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%/`, r) {
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + ascii + `"`
	if ascii != name {
		// QueryEscape leaves letters, digits and "-_.~", all of which RFC 5987 allows.
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return value
}
