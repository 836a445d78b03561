// Kvengine serves the KV v2 engine of HashiCorp Vault itself, in memory, at /v1/secret/: the real engine behind the HTTP of a test,
// without the rest of Vault. It takes the token "root-token", which never ends, and says at which address it listens.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	ctx := context.Background()
	storage := &logical.InmemStorage{}
	engine, err := kv.Factory(ctx, &logical.BackendConfig{
		Logger: hclog.NewNullLogger(), System: &logical.StaticSystemView{DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: time.Hour},
		StorageView: storage, BackendUUID: "engine", Config: map[string]string{"version": "2"},
	})
	if err == nil {
		err = engine.Initialize(ctx, &logical.InitializationRequest{Storage: storage})
	}
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + l.Addr().String())
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, engine, storage) })))
}

func serve(w http.ResponseWriter, r *http.Request, engine logical.Backend, storage logical.Storage) {
	if r.Header.Get("X-Vault-Token") != "root-token" {
		logical.RespondError(w, http.StatusForbidden, logical.ErrPermissionDenied)
		return
	}
	if r.URL.Path == "/v1/auth/token/lookup-self" {
		say(w, http.StatusOK, &logical.Response{Data: map[string]any{"ttl": 0, "renewable": false}})
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/secret/")
	if !ok {
		logical.RespondError(w, http.StatusNotFound, fmt.Errorf("no handler for route %q. route entry not found.", r.URL.Path))
		return
	}
	request := &logical.Request{Path: path, Storage: storage, Data: map[string]any{}, MountPoint: "secret/"}
	switch r.Method {
	case http.MethodGet:
		request.Operation = logical.ReadOperation
	case http.MethodDelete:
		request.Operation = logical.DeleteOperation
	case http.MethodPut, http.MethodPost:
		request.Operation = logical.UpdateOperation
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		if err := decoder.Decode(&request.Data); err != nil {
			logical.RespondError(w, http.StatusBadRequest, fmt.Errorf("failed to parse JSON input: %w", err))
			return
		}
		if known, there, err := engine.HandleExistenceCheck(r.Context(), request); err == nil && known && !there {
			request.Operation = logical.CreateOperation
		}
	default:
		logical.RespondError(w, http.StatusMethodNotAllowed, nil)
		return
	}
	response, err := engine.HandleRequest(r.Context(), request)
	if status, err := logical.RespondErrorCommon(request, response, err); err != nil || status >= 400 {
		logical.RespondError(w, status, err)
		return
	}
	say(w, http.StatusOK, response)
}

// say answers as Vault does: an engine may give the status and the body itself.
func say(w http.ResponseWriter, status int, response *logical.Response) {
	if response == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if own, ok := response.Data[logical.HTTPStatusCode].(int); ok {
		body, _ := response.Data[logical.HTTPRawBody].([]byte)
		if text, ok := response.Data[logical.HTTPRawBody].(string); ok {
			body = []byte(text)
		}
		w.WriteHeader(own)
		_, _ = w.Write(body)
		return
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(logical.LogicalResponseToHTTPResponse(response))
}
