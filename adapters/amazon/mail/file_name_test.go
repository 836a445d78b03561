package mail_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/domain"
)

// fileOf returns the file of a mail with one, whose header has these lines.
func fileOf(t testing.TB, header, content string) domain.File {
	t.Helper()
	raw := "From: a1b2c3d4e5f6@marketplace.amazon.fr\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nBonjour\r\n--b\r\n" +
		header + "\r\n\r\n" + content + "\r\n--b--\r\n"
	files := mail.Interpreter{}.Parse([]byte(raw), time.Time{}).Files
	if len(files) != 1 {
		t.Fatalf("%d files in %q", len(files), raw)
	}
	return files[0]
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	const disposition, contentType = "Content-Disposition: attachment; ", "Content-Type: application/pdf; "
	for name, c := range map[string]struct{ header, original, want string }{
		"plain":                {disposition + `filename="a b.pdf"`, "a b.pdf", "a b.pdf"},
		"without quotes":       {disposition + `filename=a b.pdf`, "a b.pdf", "a b.pdf"},
		"of the type":          {contentType + `name=a.pdf`, "a.pdf", "a.pdf"},
		"two that disagree":    {contentType + "name=a.exe\r\n" + disposition + "filename=b.pdf", "b.pdf", "b.pdf"},
		"an empty one":         {contentType + "name=a.pdf\r\n" + disposition + `filename=""`, "a.pdf", "a.pdf"},
		"semicolon missing":    {"Content-Type: application/pdf name=a.pdf", "a.pdf", "a.pdf"},
		"quotes within quotes": {disposition + `filename=""a".pdf"; size=1`, `"a".pdf`, "_a_.pdf"},
		"quotes that are open": {disposition + `filename="a.pdf`, "a.pdf", "a.pdf"},
		"escaped quotes":       {disposition + `filename="a\"b\\c.pdf"`, `a"b\c.pdf`, "c.pdf"},
		"semicolon within":     {disposition + `filename="a;b.pdf"; size=1`, "a;b.pdf", "a_b.pdf"},

		"continued, with a language": {disposition + "filename*0*=UTF-8'fr'%C3%89cr;\r\n filename*1*=an%20;\r\n filename*2=\"1.jpg\"", "Écran 1.jpg", "Écran 1.jpg"},
		"continued out of order":     {disposition + "filename*1=b.pdf; filename*0=a", "ab.pdf", "ab.pdf"},
		"continued from one":         {disposition + "filename*1=a; filename*2=b.pdf", "ab.pdf", "ab.pdf"},
		"continued with a gap":       {disposition + "filename*0=a.pdf; filename*2=b", "a.pdf", "a.pdf"},
		"a character over two":       {disposition + "filename*0*=UTF-8''%C3; filename*1*=%A9.pdf", "é.pdf", "é.pdf"},
		"another charset":            {disposition + "filename*=ISO-8859-15'de'%A4.pdf", "€.pdf", "€.pdf"},
		"another charset's lie":      {disposition + "filename*=utf-8''Zo%EB.pdf", "Zoë.pdf", "Zoë.pdf"},
		"encoded beats plain":        {disposition + "filename=ae.pdf; filename*=UTF-8''%C3%A4.pdf", "ä.pdf", "ä.pdf"},
		"escape that is none":        {disposition + "filename*=UTF-8''100%.pdf", "100%.pdf", "100%.pdf"},
		"word in quotes":             {disposition + `filename="=?UTF-8?Q?=C3=89cran_1.jpg?="`, "Écran 1.jpg", "Écran 1.jpg"},
		"words over two lines":       {disposition + "filename=\"=?UTF-8?B?w4lj?=\r\n =?UTF-8?B?cmFuLmpwZw==?=\"", "Écran.jpg", "Écran.jpg"},
		"raw bytes":                  {disposition + "filename=\"Zo\xeb.pdf\"", "Zoë.pdf", "Zoë.pdf"},
		"raw UTF-8":                  {disposition + `filename="Zoë 字.pdf"`, "Zoë 字.pdf", "Zoë 字.pdf"},

		"path":                {disposition + `filename="../../etc/passwd"`, "../../etc/passwd", "passwd"},
		"path of Windows":     {disposition + `filename="C:\Users\x\a.pdf"`, `C:\Users\x\a.pdf`, "a.pdf"},
		"path behind a word":  {disposition + `filename="=?UTF-8?Q?=2E=2E=2Fa.pdf?="`, "../a.pdf", "a.pdf"},
		"path that ends":      {disposition + `filename="a.pdf/"`, "a.pdf/", "a.pdf"},
		"two extensions":      {disposition + `filename=a.pdf.exe`, "a.pdf.exe", "a.pdf.exe"},
		"far extension":       {disposition + `filename="a.pdf` + strings.Repeat(" ", 90) + `.exe"`, "a.pdf" + strings.Repeat(" ", 90) + ".exe", "a.pdf .exe"},
		"written backwards":   {disposition + "filename*=UTF-8''ann%E2%80%AEgpj.exe", "ann\u202Egpj.exe", "anngpj.exe"},
		"isolates and marks":  {disposition + "filename=\"\u2066a\u2069\u200E\u200F\u061C\u200B.pdf\"", "\u2066a\u2069\u200E\u200F\u061C\u200B.pdf", "a.pdf"},
		"control characters":  {disposition + "filename*=UTF-8''a%00%0D%0Ab%7F.pdf", "a\r\nb\x7f.pdf", "a b.pdf"},
		"header injection":    {disposition + `filename="=?UTF-8?Q?a=0D=0AX:_y=22.pdf?="`, "a\r\nX: y\".pdf", "a X_ y_.pdf"},
		"reserved characters": {disposition + `filename="a<b>c|d?e*f:g.pdf"`, "a<b>c|d?e*f:g.pdf", "a_b_c_d_e_f_g.pdf"},
		"device":              {disposition + `filename=nul.pdf`, "nul.pdf", "_nul.pdf"},
		"port":                {disposition + `filename="COM¹.tar.gz"`, "COM¹.tar.gz", "_COM¹.tar.gz"},
		"no device":           {disposition + `filename=Console.pdf`, "Console.pdf", "Console.pdf"},
		"hidden":              {disposition + `filename=.htaccess`, ".htaccess", "htaccess"},
		"dots behind":         {disposition + `filename="a.exe. . "`, "a.exe. .", "a.exe"},
		"300 characters":      {disposition + `filename="` + strings.Repeat("é", 296) + `.pdf"`, strings.Repeat("é", 296) + ".pdf", strings.Repeat("é", 97) + ".pdf"},
		"1,000 and more":      {disposition + `filename="` + strings.Repeat("é", 900) + `.pdf"`, strings.Repeat("é", 500), strings.Repeat("é", 97) + ".pdf"},

		"none":            {contentType, "", "file-1.pdf"},
		"only dots":       {disposition + `filename="..."`, "...", "file-1.txt"},
		"only a path":     {disposition + `filename="../"`, "../", "file-1.txt"},
		"only invisible":  {disposition + "filename=\"\u200b\u202e\"", "\u200b\u202e", "file-1.txt"},
		"none of a photo": {"Content-Type: image/jpeg\r\nContent-ID: <p1>", "", "photo-1.jpg"},
		"none of a mail":  {"Content-Type: message/rfc822", "", "message-1.eml"},
		"none of Outlook": {"Content-Type: application/ms-tnef", "", "winmail-1.dat"},
		"none of a date":  {"Content-Type: text/calendar", "", "file-1.ics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			content := "nothing that tells a type"
			if strings.Contains(c.header, "image/jpeg") {
				content = "\xff\xd8\xff\xd9"
			}
			f := fileOf(t, c.header, content)
			is.Equal(f.Name, c.want)
			is.Equal(f.OriginalName, c.original)
			is.Equal(has(f, domain.FileRenamed), c.want != c.original)
			is.True(isSafeName(f.Name))
		})
	}
}

// isSafeName reports whether a name may be given to any file system, and put between quotes in a header.
func isSafeName(name string) bool {
	return name != "" && len(name) <= 200 && utf8.ValidString(name) && strings.Trim(name, ". ") == name && !isDevice(name) &&
		!strings.ContainsAny(name, `/\<>:"|?*;`) && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}

func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch strings.TrimRight(stem, " ") {
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "LPT²":
		return true
	}
	return false
}

// A name is safe whatever was sent, and the original is what was sent.
func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"a.pdf", "../../etc/passwd", "con.txt", "a\u202Egpj.exe", " . ", "é/\x00\n", strings.Repeat("ab.", 300), "a.\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 2000 || !utf8.ValidString(name) || strings.Contains(name, "=?") {
			return
		}
		got := fileOf(t, "Content-Disposition: attachment; filename*=UTF-8''"+url.PathEscape(name), "content")
		if !isSafeName(got.Name) {
			t.Errorf("%q became %q", name, got.Name)
		}
		want := strings.ReplaceAll(name, "\x00", "")
		for len(want) > domain.MaxField {
			_, size := utf8.DecodeLastRuneInString(want)
			want = want[:len(want)-size]
		}
		if strings.TrimSpace(got.OriginalName) != strings.TrimSpace(want) {
			t.Errorf("%q was read as %q", want, got.OriginalName)
		}
		again := fileOf(t, "Content-Disposition: attachment; filename*=UTF-8''"+url.PathEscape(got.Name), "content")
		if again.Name != got.Name {
			t.Errorf("%q became %q, and that %q", name, got.Name, again.Name)
		}
	})
}
