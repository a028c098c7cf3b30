package route_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/pkg/route"
)

// The 32 bit hashes are 811c9dc5, e40c292c and bf9cf968 for the first three, as
// the authors of FNV-1a publish them.
func TestPartition(t *testing.T) {
	tests := []struct {
		openID         string
		of1, of16, of7 int
	}{
		{"", 0, 5, 2},
		{"a", 0, 12, 5},
		{"foobar", 0, 8, 0},
		{openID, 0, 3, 0},
		{"oAbCdEfGhIjKlMnOpQrStUvWxYz1", 0, 4, 3},
		{"o6_bmjrPTlm6_2sgVt7hMZOPfL2M", 0, 2, 1},
		{"用户", 0, 9, 3},
	}
	for _, tt := range tests {
		for partitions, want := range map[int]int{1: tt.of1, 16: tt.of16, 7: tt.of7} {
			if got := route.Partition(tt.openID, partitions); got != want {
				t.Errorf("Partition(%q, %d) = %d, want %d", tt.openID, partitions, got, want)
			}
		}
	}
}

// serverPartition returns what nats-server makes of a token with its own
// {{partition(n,1)}}.
func serverPartition(t testing.TB, token string, partitions int) string {
	t.Helper()
	transform, err := server.NewSubjectTransform("out.*", "{{partition("+strconv.Itoa(partitions)+",1)}}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := transform.Match("out." + token)
	if err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	return got
}

// randomToken returns a token of a subject, of the characters that OpenIDs have
// or of any bytes that a token may have.
func randomToken(r *rand.Rand) string {
	const usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	token := make([]byte, 1+r.IntN(40))
	anyByte := r.IntN(4) == 0
	for i := range token {
		token[i] = usual[r.IntN(len(usual))]
		if b := byte(0x21 + r.IntN(0xff-0x21)); anyByte && !strings.ContainsRune(".*>", rune(b)) {
			token[i] = b
		}
	}
	return string(token)
}

func TestPartitionIsTheServers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		token, partitions := randomToken(r), 1+r.IntN(64)
		for _, n := range []int{16, partitions} {
			if got, want := strconv.Itoa(route.Partition(token, n)), serverPartition(t, token, n); got != want {
				t.Fatalf("Partition(%q, %d) = %s, the server says %s", token, n, got, want)
			}
		}
	}
}

func TestPartitionsAreUsedEvenly(t *testing.T) {
	const users = 16000
	r := rand.New(rand.NewPCG(3, 4))
	var count [partitions]int
	for range users {
		count[route.Partition(randomToken(r), partitions)]++
	}
	for partition, got := range count {
		if want := users / partitions; got < want*8/10 || got > want*12/10 {
			t.Errorf("partition %d has %d users, want about %d", partition, got, want)
		}
	}
}

func TestOutSubject(t *testing.T) {
	tests := []struct{ openID, want string }{
		{openID, "wechat.out.main." + openID},
		{"a", "wechat.out.main.a"},
		{"$a-b_c/d", "wechat.out.main.$a-b_c/d"},
		// What cannot be a token gives way to a number of its partition.
		{"", "wechat.out.main.2"},
		{"用户", "wechat.out.main.6"},
	}
	for _, tt := range tests {
		if got := route.OutSubject("main", tt.openID, partitions); got != tt.want {
			t.Errorf("OutSubject of %q = %s, want %s", tt.openID, got, tt.want)
		}
	}
}

// stored returns the subject that the stream keeps a reply under.
func stored(t testing.TB, published string) string {
	t.Helper()
	transform, err := server.NewSubjectTransform("wechat.out.*.*", "wechat.out.{{wildcard(1)}}.{{partition(16,2)}}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := transform.Match(published)
	if err != nil {
		t.Fatalf("%q: %v", published, err)
	}
	return got
}

func TestRepliesStayInTheirUsersPartition(t *testing.T) {
	hostile := []string{
		"", ".", "..", "*", ">", "a.b", "a.*", "a.>", "*a", "a>", " ", "a b", "a\tb", "a\r\nPUB x 0\r\n", "\x00", "\x7f", "用户", "😀", "\xff\xfe",
		strings.Repeat("a.", 500),
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		hostile = append(hostile, randomToken(r), randomToken(r)+"."+randomToken(r))
	}
	for _, openID := range hostile {
		published := route.OutSubject("shop-2", openID, partitions)
		if !server.IsValidLiteralSubject(published) || strings.ContainsFunc(published, notPrintable) {
			t.Errorf("%q: %q cannot be published to", openID, published)
			continue
		}
		account, got, err := route.ParseOut(stored(t, published))
		if want := route.Partition(openID, partitions); err != nil || account != "shop-2" || got != want {
			t.Errorf("%q: stored for %s in %d, %v; want shop-2 in %d", openID, account, got, err, want)
		}
	}
}

func notPrintable(r rune) bool { return r <= ' ' || r >= 0x7f }
