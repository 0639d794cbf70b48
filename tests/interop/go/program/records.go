package program

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

const keys = 20

// Record is what a client sends and gets back, in no client's own type.
type Record struct {
	Key, Value []byte
	Sequence   []byte // of the header of this name
	Time       time.Time
}

// Number is record i as every program sends it.
func Number(i int) Record {
	return Record{
		Key:      []byte(strconv.Itoa(i % keys)),
		Value:    []byte(fmt.Sprintf(`{"user_id":%d,"event_type":"user_login"}`, i)),
		Sequence: []byte(strconv.Itoa(i)),
		Time:     time.UnixMilli(firstTimestamp + int64(i)),
	}
}

// Seen checks records that come back: their content, the order within each key, and how often each came. Its members may
// be called by several consumers.
type Seen struct {
	mu     sync.Mutex
	times  map[int]int
	latest map[string]int
}

func NewSeen() *Seen {
	return &Seen{times: map[int]int{}, latest: map[string]int{}}
}

func (s *Seen) Take(got Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := strconv.Atoi(string(got.Sequence))
	if err != nil {
		return err
	}
	want := Number(i)
	if string(got.Key) != string(want.Key) || string(got.Value) != string(want.Value) || !got.Time.Equal(want.Time) {
		return fmt.Errorf("record %d: got %q %q %v, want %q %q %v", i, got.Key, got.Value, got.Time, want.Key, want.Value, want.Time)
	}
	if before, known := s.latest[string(got.Key)]; known && i != before+keys {
		return fmt.Errorf("key %s: record %d follows %d", got.Key, i, before)
	}
	s.latest[string(got.Key)] = i
	s.times[i]++
	return nil
}

// Count says how many different records came.
func (s *Seen) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// Exactly fails unless each of the records from..to-1 came once, and no other.
func (s *Seen) Exactly(from, to int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := from; i < to; i++ {
		if s.times[i] != 1 {
			return fmt.Errorf("record %d came %d times", i, s.times[i])
		}
	}
	if len(s.times) != to-from {
		return fmt.Errorf("%d different records, want %d", len(s.times), to-from)
	}
	return nil
}
