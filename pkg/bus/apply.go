package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Apply makes streams, buckets and durables what wxbus wants them to be and
// returns what differed, a line each: "+ stream X" for what was missing and
// "~ stream X: field: old -> new" for a change. An ordered durable is that of
// each partition. With dryRun it changes nothing.
// The number of partitions is never changed. It stops at the first error.
func (b *Bus) Apply(ctx context.Context, durables []Durable, dryRun bool) (differences []string, err error) {
	if !b.nc.IsConnected() {
		return nil, errAway
	}
	partitions, err := b.storedPartitions(ctx)
	if err != nil {
		return nil, err
	}
	for _, want := range streams(b.cfg.Replicas, partitions) {
		lines, err := b.applyStream(ctx, want, dryRun)
		if differences = append(differences, lines...); err != nil {
			return differences, err
		}
	}
	for _, want := range buckets(b.cfg.Replicas) {
		lines, err := b.applyBucket(ctx, want, dryRun)
		if differences = append(differences, lines...); err != nil {
			return differences, err
		}
	}
	for _, want := range durables {
		for _, part := range want.parts(partitions) {
			lines, err := b.applyDurable(ctx, part, dryRun)
			if differences = append(differences, lines...); err != nil {
				return differences, err
			}
		}
	}
	return differences, nil
}

func (b *Bus) applyStream(ctx context.Context, want jetstream.StreamConfig, dryRun bool) ([]string, error) {
	name := "stream " + want.Name
	found, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return created(name, dryRun, func() error { _, err := b.js.CreateStream(ctx, want); return err })
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	merged := found.CachedInfo().Config
	lines := overlay(name, &merged, want)
	return changed(name, lines, dryRun, func() error { _, err := b.js.UpdateStream(ctx, merged); return err })
}

func (b *Bus) applyBucket(ctx context.Context, want jetstream.KeyValueConfig, dryRun bool) ([]string, error) {
	name := "bucket " + want.Bucket
	found, err := b.js.KeyValue(ctx, want.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return created(name, dryRun, func() error { _, err := b.js.CreateKeyValue(ctx, want); return err })
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	status, err := found.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	merged := status.Config()
	lines := overlay(name, &merged, want)
	return changed(name, lines, dryRun, func() error { _, err := b.js.UpdateKeyValue(ctx, merged); return err })
}

func (b *Bus) applyDurable(ctx context.Context, want Durable, dryRun bool) ([]string, error) {
	name := "durable " + want.Name + " on " + want.Stream
	found, err := b.js.Consumer(ctx, want.Stream, want.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || dryRun && errors.Is(err, jetstream.ErrStreamNotFound) {
		return created(name, dryRun, func() error { return b.createDurable(ctx, want, time.Time{}) })
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	merged := found.CachedInfo().Config
	lines := overlayDurable(name, &merged, want)
	return changed(name, lines, dryRun, func() error { _, err := b.js.UpdateConsumer(ctx, want.Stream, merged); return err })
}

// overlayDurable is overlay for a durable: what it listens to, and how often a
// message is delivered, where want or nobody says so.
func overlayDurable(name string, found *jetstream.ConsumerConfig, want Durable) (lines []string) {
	if !want.KeepFilters && !sameFilters(*found, want.Filters) {
		lines = append(lines, fmt.Sprintf("~ %s: filters: %s -> %s", name,
			strings.Join(filtersOf(*found), " "), strings.Join(want.Filters, " ")))
		found.FilterSubject, found.FilterSubjects = "", want.Filters
	}
	limit := cmp.Or(want.MaxDeliver, maxDeliver)
	if found.MaxDeliver != limit && (want.MaxDeliver != 0 || found.MaxDeliver < 1) {
		lines = append(lines, fmt.Sprintf("~ %s: max_deliver: %d -> %d", name, found.MaxDeliver, limit))
		found.MaxDeliver = limit
	}
	return lines
}

func created(name string, dryRun bool, create func() error) ([]string, error) {
	lines := []string{"+ " + name}
	if dryRun {
		return lines, nil
	}
	if err := create(); err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return lines, nil
}

func changed(name string, lines []string, dryRun bool, update func() error) ([]string, error) {
	if len(lines) == 0 || dryRun {
		return lines, nil
	}
	if err := update(); err != nil {
		return nil, fmt.Errorf("update %s: %w", name, err)
	}
	return lines, nil
}

// overlay sets in found every field that want says something about and returns
// a line for each that differed. Fields that want leaves empty are the
// operator's: a size limit, a placement.
func overlay[T any](name string, found *T, want T) (lines []string) {
	have, wish := fields(*found), fields(want)
	for _, field := range slices.Sorted(maps.Keys(wish)) {
		value := wish[field]
		if isZero(value) {
			continue
		}
		if object, ok := value.(map[string]any); ok { // keep metadata of others
			value = merge(have[field], object)
		}
		if text(value) != text(have[field]) {
			lines = append(lines, fmt.Sprintf("~ %s: %s: %s -> %s", name, field, text(have[field]), text(value)))
			have[field] = value
		}
	}
	if data, err := json.Marshal(have); err == nil {
		_ = json.Unmarshal(data, found)
	}
	return lines
}

func fields(v any) map[string]any {
	data, _ := json.Marshal(v) // configurations are plain data
	object := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	_ = decoder.Decode(&object)
	return object
}

func merge(have any, wish map[string]any) map[string]any {
	merged := map[string]any{}
	if object, ok := have.(map[string]any); ok {
		maps.Copy(merged, object)
	}
	maps.Copy(merged, wish)
	return merged
}

func isZero(value any) bool {
	switch t := text(value); t {
	case "null", `""`, "0", "false", "[]", "{}", `"none"`: // none is no compression
		return true
	}
	return false
}

// text is value for a person: subjects keep their ">".
func text(value any) string {
	var line strings.Builder
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return strings.TrimSuffix(line.String(), "\n")
}
