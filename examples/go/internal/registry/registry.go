// Package registry is a small client of a schema registry.
package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const contentType = "application/vnd.schemaregistry.v1+json"

type Schema struct {
	ID      int    `json:"id"`
	Version int    `json:"version"`
	Subject string `json:"subject"`
	Text    string `json:"schema"`
	Type    string `json:"schemaType"` // left out for Avro
}

// Error is what the registry says: the HTTP status, and a code of its own that begins with it, as 40401.
type Error struct {
	Status  int    `json:"-"`
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("schema registry: %d: %s", e.Code, e.Message) }

// Registry keeps what it was told about ids, which never change.
type Registry struct {
	url    string
	client http.Client
	mutex  sync.Mutex
	byID   map[int]string
}

func New(url string) *Registry {
	return &Registry{url: url, client: http.Client{Timeout: 10 * time.Second}, byID: map[int]string{}}
}

// Register adds a version, or finds the one that is the same; its id.
func (r *Registry) Register(subject, schema string) (int, error) {
	body, err := json.Marshal(map[string]string{"schema": schema, "schemaType": "AVRO"})
	if err != nil {
		return 0, err
	}
	var added struct {
		ID int `json:"id"`
	}
	answer, err := r.client.Post(r.url+"/subjects/"+url.PathEscape(subject)+"/versions", contentType, bytes.NewReader(body))
	err = read(answer, err, &added)
	return added.ID, err
}

// Get is a version by number, or "latest".
func (r *Registry) Get(subject, version string) (*Schema, error) {
	var schema Schema
	answer, err := r.client.Get(r.url + "/subjects/" + url.PathEscape(subject) + "/versions/" + url.PathEscape(version))
	if err := read(answer, err, &schema); err != nil {
		return nil, err
	}
	return &schema, nil
}

// ByID asks once for each id, and goes on with what it knows when the registry is away.
func (r *Registry) ByID(id int) (string, error) {
	r.mutex.Lock()
	text, known := r.byID[id]
	r.mutex.Unlock()
	if known {
		return text, nil
	}
	var schema Schema
	answer, err := r.client.Get(fmt.Sprintf("%s/schemas/ids/%d", r.url, id))
	if err := read(answer, err, &schema); err != nil {
		return "", err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.byID[id] = schema.Text
	return schema.Text, nil
}

func read(answer *http.Response, err error, into any) error {
	if err != nil {
		return fmt.Errorf("schema registry: %w", err)
	}
	defer answer.Body.Close()
	decoder := json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 10<<20))
	if answer.StatusCode == http.StatusOK {
		return decoder.Decode(into)
	}
	refused := &Error{Status: answer.StatusCode, Code: answer.StatusCode, Message: answer.Status}
	_ = decoder.Decode(refused) // a proxy in between answers in words of its own: then the status has to do
	return refused
}
