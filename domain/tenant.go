package domain

// maxTenantID bounds a tenant id, in bytes.
const maxTenantID = 64

// TenantID names a KeyBuzz customer. It ends up in secret paths and log lines, so it is held to letters, digits, '-'
// and '_', at most 64 of them, beginning with a letter or digit. The zero value is no tenant and is refused everywhere.
type TenantID struct{ text string }

// ParseTenantID reads a tenant id. ErrInvalid if it holds anything but the allowed characters.
func ParseTenantID(s string) (TenantID, error) {
	if s == "" || len(s) > maxTenantID || s[0] == '-' || s[0] == '_' {
		return TenantID{}, errTenantID
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return TenantID{}, errTenantID
		}
	}
	return TenantID{s}, nil
}

var errTenantID = Errorf(ErrInvalid, "not a tenant id: 1 to %d letters, digits, '-' or '_', beginning with a letter or digit", maxTenantID)

// String returns the id as it was parsed, "" for the zero value.
func (t TenantID) String() string { return t.text }

// IsZero reports whether t names nobody.
func (t TenantID) IsZero() bool { return t.text == "" }
