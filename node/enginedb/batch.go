package enginedb

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// batch is written whole or not at all. It belongs to one goroutine.
type batch struct {
	db     *DB
	pebble *pebble.Batch
}

// Set adds a pair.
func (b *batch) Set(key, value []byte) error {
	if err := checkPair(key, value); err != nil {
		return err
	}
	if b.pebble == nil {
		return ErrBatchClosed
	}
	return b.pebble.Set(key, value, nil)
}

// Delete adds a deletion.
func (b *batch) Delete(key []byte) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if b.pebble == nil {
		return ErrBatchClosed
	}
	return b.pebble.Delete(key, nil)
}

// Write writes the batch; it is durable with the next synced write.
func (b *batch) Write() error { return b.write(pebble.NoSync) }

// WriteSync writes the batch durably.
func (b *batch) WriteSync() error { return b.write(pebble.Sync) }

func (b *batch) write(how *pebble.WriteOptions) error {
	if b.pebble == nil {
		return ErrBatchClosed
	}
	if err := b.db.enter(); err != nil {
		return err
	}
	defer b.db.leave()
	if err := b.pebble.Commit(how); err != nil {
		return fmt.Errorf("write batch: %w", err)
	}
	return b.Close()
}

// Close drops the batch; a second call does nothing.
func (b *batch) Close() error {
	if b.pebble == nil {
		return nil
	}
	p := b.pebble
	b.pebble = nil
	if err := p.Close(); err != nil {
		return fmt.Errorf("close batch: %w", err)
	}
	return nil
}
