package postgres_test

import (
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// What is stored is read here as the tables hold it, a row as one JSON text, past all that the adapter reads with.

// readJSON reads the rows of a query, each as JSON.
func readJSON[T any](t *testing.T, db *sql.DB, tenant domain.TenantID, query string, args ...any) (all []T) {
	t.Helper()
	read(t, db, tenant, func(rows *sql.Rows) error {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var row T
		err := json.Unmarshal(text, &row)
		all = append(all, row)
		return err
	}, `SELECT row_to_json(r) FROM (`+query+`) AS r`, args...)
	return all
}

// bytea is a column of bytes as JSON has it.
type bytea []byte

func (b *bytea) UnmarshalJSON(text []byte) error {
	var s *string
	if err := json.Unmarshal(text, &s); err != nil || s == nil {
		return err
	}
	decoded, err := hex.DecodeString(strings.TrimPrefix(*s, `\x`))
	*b = decoded
	return err
}

// rawRow is the columns that say how a raw is kept.
type rawRow struct {
	RawDigest bytea         `json:"raw_digest"`
	RawKey    uuid.NullUUID `json:"raw_key"`
	Sealed    bytea         // of raw_contents
}

const withContents = ` LEFT JOIN marketplace.raw_contents c ON c.digest = m.raw_digest AND c.key_id = m.raw_key `

func (r rawRow) kept(mediaType string, size int, plain []byte) domain.StoredSource {
	k := domain.StoredSource{MediaType: mediaType, Digest: domain.Digest(r.RawDigest), Size: size, Key: domain.SourceKeyID{UUID: r.RawKey.UUID}, Bytes: plain}
	if k.Sealed() {
		k.Bytes = r.Sealed
	}
	return k
}

func readMessages(t *testing.T, db *sql.DB, tenant domain.TenantID, c domain.ConnectionID) (all []domain.ExternalMessage) {
	t.Helper()
	type row struct {
		ID          domain.MessageID
		Type        domain.MarketplaceType
		Kind        domain.MessageKind
		Evidence    string
		Parser      int
		ExternalID  string `json:"external_id"`
		MailID      string `json:"mail_id"`
		ThreadID    string `json:"thread_id"`
		OrderID     string `json:"order_id"`
		BuyerName   string `json:"buyer_name"`
		BuyerEmail  string `json:"buyer_email"`
		Language    string
		Subject     string
		Facts       map[string]string
		Flags       []domain.ParseFlag
		SafetyFlags []safety.Flag `json:"safety_flags"`
		ReceivedAt  time.Time     `json:"received_at"`
		Raw         struct {
			MediaType, Encoding, Content string
			Size                         int
		}
		rawRow
		TicketID   uuid.NullUUID `json:"ticket_id"`
		Quarantine domain.QuarantineReason
	}
	files := readFiles(t, db, tenant)
	for _, r := range readJSON[row](t, db, tenant, `SELECT m.*, c.sealed FROM marketplace.external_messages m`+withContents+
		`WHERE m.connection_id = $1`, c.String()) {
		plain, size := []byte(r.Raw.Content), r.Raw.Size
		if r.Raw.Encoding == "base64" {
			var err error
			if plain, err = base64.StdEncoding.DecodeString(r.Raw.Content); err != nil {
				t.Fatal(err)
			}
		}
		if !r.RawKey.Valid {
			size = len(plain)
		}
		all = append(all, domain.ExternalMessage{
			ID: r.ID, Tenant: tenant, Connection: c, Type: r.Type, Kind: r.Kind, Evidence: r.Evidence, Parser: r.Parser,
			ExternalID: r.ExternalID, MailID: r.MailID, ThreadID: r.ThreadID, OrderID: r.OrderID, BuyerName: r.BuyerName,
			BuyerEmail: r.BuyerEmail, Language: r.Language, Subject: r.Subject, Facts: r.Facts, Flags: r.Flags,
			SafetyFlags: r.SafetyFlags, Files: files[r.ID], ReceivedAt: r.ReceivedAt.UTC(), Source: r.kept(r.Raw.MediaType, size, plain),
			Ticket: domain.TicketID{UUID: r.TicketID.UUID}, Quarantine: r.Quarantine,
		})
	}
	return all
}

func readFiles(t *testing.T, db *sql.DB, tenant domain.TenantID) map[domain.MessageID][]domain.File {
	t.Helper()
	type row struct {
		ID           domain.FileID
		Message      domain.MessageID `json:"external_message_id"`
		Number       int
		Name         string
		OriginalName string `json:"original_name"`
		DeclaredType string `json:"declared_type"`
		Type         string
		Size         int64
		Digest       bytea
		Inline       bool
		ContentID    string `json:"content_id"`
		Flags        []domain.FileFlag
	}
	files := map[domain.MessageID][]domain.File{}
	for _, r := range readJSON[row](t, db, tenant, `SELECT * FROM marketplace.attachments ORDER BY number`) {
		files[r.Message] = append(files[r.Message], domain.File{
			ID: r.ID, Number: r.Number, Name: r.Name, OriginalName: r.OriginalName, DeclaredType: r.DeclaredType, Type: r.Type,
			Size: r.Size, Digest: domain.Digest(r.Digest), Inline: r.Inline, ContentID: r.ContentID, Flags: r.Flags,
		})
	}
	return files
}

func readRejected(t *testing.T, db *sql.DB, tenant domain.TenantID, c domain.ConnectionID) (all []domain.RejectedMessage) {
	t.Helper()
	type row struct {
		ID         domain.RejectedID
		Type       domain.MarketplaceType
		ExternalID string `json:"external_id"`
		Reason     domain.RejectReason
		Detail     string
		MediaType  string `json:"media_type"`
		Raw        bytea
		RawSize    int `json:"raw_size"`
		rawRow
		ReceivedAt *time.Time `json:"received_at"`
	}
	for _, r := range readJSON[row](t, db, tenant, `SELECT m.*, c.sealed FROM marketplace.rejected_messages m`+withContents+
		`WHERE m.connection_id = $1`, c.String()) {
		m := domain.RejectedMessage{
			ID: r.ID, Tenant: tenant, Connection: c, Type: r.Type, ExternalID: r.ExternalID, Reason: r.Reason, Detail: r.Detail,
			Source: r.kept(r.MediaType, r.RawSize, r.Raw),
		}
		if r.ReceivedAt != nil {
			m.ReceivedAt = r.ReceivedAt.UTC()
		}
		all = append(all, m)
	}
	return all
}
