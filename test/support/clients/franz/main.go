// A client by franz-go: writes to a topic and reads it through its registry client and serde, with hamba's Avro.
//
// Arguments: brokers, registry, topic, first number, count, total. Prints one JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

// Event is how this client sees the event: without the fields it does not care for.
type Event struct {
	EventID    string    `avro:"eventId"`
	UserID     string    `avro:"userId"`
	Action     string    `avro:"action"`
	Value      float64   `avro:"value"`
	OccurredAt time.Time `avro:"occurredAt"`
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func number(text string) int { return must(strconv.Atoi(text)) }

// codeOf is the status and the code of the registry's error.
func codeOf[T any](_ T, err error) []int {
	var refused *sr.ResponseError
	if errors.As(err, &refused) {
		return []int{refused.StatusCode, refused.ErrorCode}
	}
	return nil
}

func main() {
	brokers, url, topic := strings.Split(os.Args[1], ","), os.Args[2], os.Args[3]
	first, count, total := number(os.Args[4]), number(os.Args[5]), number(os.Args[6])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	registry := must(sr.NewClient(sr.URLs(url), sr.BearerToken("t0ken")))
	kafka := must(kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())))
	defer kafka.Close()

	subject := topic + "-value"
	known := must(registry.SchemaByVersion(ctx, subject, 1))
	again := must(registry.CreateSchema(ctx, subject, known.Schema))
	schema := must(avro.Parse(known.Schema.Schema))
	var serde sr.Serde
	serde.Register(again.ID, Event{}, sr.EncodeFn(func(v any) ([]byte, error) { return avro.Marshal(schema, v) }))
	for n := first; n < first+count; n++ {
		event := Event{fmt.Sprintf("00000000-0000-0000-0000-%012x", n), fmt.Sprint("user-", n%7), "PURCHASE",
			float64(n) + 0.5, time.UnixMilli(1767225600000 + int64(n)*100).UTC()}
		record := &kgo.Record{Topic: topic, Key: []byte(event.UserID), Value: must(serde.Encode(event)), Timestamp: event.OccurredAt}
		must(kafka.ProduceSync(ctx, record).First())
	}

	events := [][]any{}
	for len(events) < total {
		fetched := kafka.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			log.Fatalf("read %d of %d: %v", len(events), total, err)
		}
		fetched.EachRecord(func(record *kgo.Record) {
			id, body, err := serde.DecodeID(record.Value)
			if err != nil {
				log.Fatal(err)
			}
			event := decode(ctx, registry, id, body)
			events = append(events, []any{event.EventID, event.UserID, event.Action, event.Value, event.OccurredAt.UnixMilli(), string(record.Key)})
		})
	}
	sort.Slice(events, func(a, b int) bool { return events[a][0].(string) < events[b][0].(string) })
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{"events": events, "said": administer(ctx, registry, topic)}))
}

var parsed = map[int]avro.Schema{}

// decode reads a value by the schema it was written with, whatever subjects that one is spread over.
func decode(ctx context.Context, registry *sr.Client, id int, body []byte) (event Event) {
	if parsed[id] == nil {
		cache := &avro.SchemaCache{}
		schema := must(registry.SchemaByID(ctx, id))
		for _, from := range schema.References {
			part := must(registry.SchemaByVersion(ctx, from.Subject, from.Version))
			must(avro.ParseWithCache(part.Schema.Schema, "", cache))
		}
		parsed[id] = must(avro.ParseWithCache(schema.Schema, "", cache))
	}
	must(0, avro.Unmarshal(parsed[id], body, &event))
	return event
}

func administer(ctx context.Context, registry *sr.Client, topic string) map[string]any {
	subject := topic + "/franz"
	record := func(fields string) sr.Schema {
		return sr.Schema{Schema: `{"type":"record","name":"Franz","fields":[` + fields + `]}`}
	}
	one, two, bad := record(`{"name":"id","type":"string"}`), record(`{"name":"id","type":"string"},{"name":"more","type":"string","default":""}`), record(`{"name":"id","type":"long"}`)
	created := must(registry.CreateSchema(ctx, subject, one))
	must(registry.CreateSchema(ctx, subject, two))
	deleted := sr.WithParams(ctx, sr.ShowDeleted)
	level := registry.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatFull}, subject)[0]
	mode := registry.SetMode(ctx, sr.ModeReadOnly, subject)[0]
	readOnly := codeOf(registry.CreateSchema(ctx, subject, record("")))
	reset := registry.ResetMode(ctx, subject)[0]
	said := map[string]any{
		"versions":       must(registry.SubjectVersions(ctx, subject)),
		"lookup":         must(registry.LookupSchema(ctx, subject, one)).Version,
		"usages":         len(must(registry.SchemaUsagesByID(ctx, created.ID))),
		"compatible":     []bool{must(registry.CheckCompatibility(ctx, subject, -1, two)).Is, must(registry.CheckCompatibility(ctx, subject, -1, bad)).Is},
		"messages":       len(must(registry.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), subject, 1, bad)).Messages),
		"incompatible":   codeOf(registry.CreateSchema(ctx, subject, bad)),
		"unknownSubject": codeOf(registry.SchemaByVersion(ctx, topic+"-none", 1)),
		"unknownId":      codeOf(registry.SchemaByID(ctx, 1<<31-1)),
		"level":          level.Level.String(),
		"mode":           mode.Mode.String(),
		"readOnly":       readOnly,
		"reset":          reset.Mode.String(),
		"types":          len(must(registry.SupportedTypes(ctx))),
	}
	must(0, registry.DeleteSchema(ctx, subject, 1, sr.SoftDelete))
	said["left"] = must(registry.SubjectVersions(ctx, subject))
	said["withDeleted"] = must(registry.SubjectVersions(deleted, subject))
	said["deleted"] = must(registry.DeleteSubject(ctx, subject, sr.SoftDelete))
	said["deletedForGood"] = must(registry.DeleteSubject(ctx, subject, sr.HardDelete))
	return said
}
