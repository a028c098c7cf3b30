package bus

import (
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/route"
)

// Names of the streams and buckets.
const (
	StreamIn   = "WECHAT_IN"
	StreamOut  = "WECHAT_OUT"
	StreamDead = "WECHAT_DEAD"
	// StreamQuota is the log of the messages that were sent to users, by which
	// the replicas of the sender know what may still be sent.
	StreamQuota = "WECHAT_QUOTA"
	// StreamAdvisory holds what the server says of messages that it delivers no
	// more because they were delivered too often: see [Durable].
	StreamAdvisory = "WECHAT_ADVISORY"

	BucketToken  = "wechat_token"  // access tokens, and the pauses of accounts
	BucketLedger = "wechat_ledger" // how far a reply has been sent
	BucketHeld   = "wechat_held"   // replies that wait until their user writes again
	BucketMedia  = "wechat_media"  // media_ids of files that were uploaded
	BucketPace   = "wechat_pace"   // permits of SENDER_RATE that replicas have taken
	BucketLease  = "wechat_lease"  // replicas of ordered workers, and who has which partition
)

// MaxAge is how long the streams keep a message that nobody settled.
const MaxAge = 72 * time.Hour

const (
	defaultPartitions = 16
	partitionsKey     = "wxbus-partitions" // metadata of both streams
	deadAge           = 30 * 24 * time.Hour
	quotaAge          = 49 * time.Hour // longer than any reply window of WeChat
	advisoryAge       = 7 * 24 * time.Hour
	mediaAge          = 72 * time.Hour // WeChat keeps an upload that long
	paceAge           = time.Hour
	inWindow          = 5 * time.Minute
	outWindow         = time.Hour
	kvMarkerTTL       = time.Minute
)

// advisories are the subjects on which the server says that a message of one of
// our durables is delivered no more. The last token is the durable's name.
const advisories = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES."

// streams are the streams of wxbus. Retention is Limits: with any other, a
// message for which a worker is not there yet would be acknowledged and gone.
func streams(replicas, partitions int) []jetstream.StreamConfig {
	metadata := map[string]string{partitionsKey: strconv.Itoa(partitions)}
	return []jetstream.StreamConfig{
		{
			Name: StreamIn, Description: "pushes of WeChat",
			Subjects: []string{route.In + ">", route.Retry + ">"},
			Discard:  jetstream.DiscardNew, MaxAge: MaxAge, Duplicates: inWindow,
			Replicas: replicas, Metadata: metadata, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: StreamOut, Description: "replies to send",
			Subjects: []string{route.Out + ">"},
			Discard:  jetstream.DiscardNew, MaxAge: MaxAge, Duplicates: outWindow,
			Replicas: replicas, Metadata: metadata, AllowDirect: true, AllowAtomicPublish: true,
			SubjectTransform: &jetstream.SubjectTransformConfig{
				Source:      route.Out + "*.*",
				Destination: route.Out + "{{wildcard(1)}}.{{partition(" + strconv.Itoa(partitions) + ",2)}}",
			},
		},
		{
			Name: StreamDead, Description: "what workers gave up on",
			Subjects: []string{route.Dead + ">"},
			Discard:  jetstream.DiscardNew, MaxAge: deadAge, Duplicates: outWindow,
			Replicas: replicas, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: StreamQuota, Description: "messages sent to users",
			Subjects: []string{route.Quota + ">"},
			Discard:  jetstream.DiscardOld, MaxAge: quotaAge, Duplicates: inWindow,
			Replicas: replicas, AllowDirect: true,
		},
		{
			Name: StreamAdvisory, Description: "messages that were delivered too often",
			Subjects: []string{advisories + StreamIn + ".>", advisories + StreamOut + ".>"},
			Discard:  jetstream.DiscardOld, MaxAge: advisoryAge, Duplicates: inWindow,
			Replicas: replicas, AllowDirect: true,
		},
	}
}

func buckets(replicas int) []jetstream.KeyValueConfig {
	return []jetstream.KeyValueConfig{
		{
			Bucket: BucketToken, Description: "access tokens and pauses by account",
			History: 1, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
		{
			Bucket: BucketLedger, Description: "how far each reply has been sent",
			History: 1, TTL: MaxAge, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
		{
			Bucket: BucketHeld, Description: "replies that wait for their user",
			History: 1, TTL: MaxAge, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
		{
			Bucket: BucketMedia, Description: "media_ids by account and content",
			History: 1, TTL: mediaAge, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
		{
			Bucket: BucketPace, Description: "permits taken by account",
			History: 1, TTL: paceAge, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
		{
			Bucket: BucketLease, Description: "replicas of ordered workers and their partitions",
			History: 1, Replicas: replicas, LimitMarkerTTL: kvMarkerTTL,
		},
	}
}
