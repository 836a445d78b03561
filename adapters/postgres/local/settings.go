package local

import (
	"maps"
	"slices"
	"strings"
)

// settings are the server's arguments. They are given anew at each start, so that the data hold none of them.
func (h home) settings(opts Options) []string {
	all := map[string]string{
		"listen_addresses":        "",
		"port":                    port,
		"unix_socket_directories": `"` + strings.ReplaceAll(h.socket, `"`, `""`) + `"`,
		"cluster_name":            "keybuzz", // who looks at the processes sees whose they are
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"jit":                     "off", // compiling costs more than the short queries of development take
	}
	// A failed statement and the values in it are its sender's to report: buyers' text has no place in a log.
	maps.Copy(all, map[string]string{
		"log_min_messages": "log", "log_min_error_statement": "panic", "log_error_verbosity": "terse",
	})
	if opts.Disposable {
		maps.Copy(all, map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	}
	maps.Copy(all, opts.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}
