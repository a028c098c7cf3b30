package callback_test

import (
	"errors"
	"fmt"

	"github.com/wxbus/wxbus/pkg/callback"
)

func ExampleSignature() {
	// What WeChat sends with a plain push: token, timestamp, nonce.
	fmt.Println(callback.Signature("AAAAA", "1714037059", "486452656"))
	// Output: 899cf89e464efb63f54ddac96b0a0a235f53aa78
}

func ExampleAccount_Open() {
	key, err := callback.ParseKey("q7Vw2Zr9LxT4bNs8YcD1mHf6KpJ3gUe5AiO0tRyXvB7")
	if err != nil {
		fmt.Println(err)
		return
	}
	account := callback.Account{
		AppID:  "wx0123456789abcdef",
		Tokens: []string{"weixinToken1"},
		Keys:   []callback.Key{key},
		Mode:   callback.Safe,
	}

	// What WeChat does.
	sealed := key.Seal([]byte(`{"MsgType":"text","Content":"你好"}`), "wx0123456789abcdef")
	query := callback.Query{
		Timestamp: "1720000001", Nonce: "1122334455", EncryptType: "aes",
		Signature:    callback.Signature("weixinToken1", "1720000001", "1122334455"),
		MsgSignature: callback.Signature("weixinToken1", "1720000001", "1122334455", sealed),
	}
	message, err := account.Open(query, []byte(`{"Encrypt":"`+sealed+`"}`))
	fmt.Println(string(message), err)

	// What a stranger does.
	query.MsgSignature = "0000000000000000000000000000000000000000"
	_, err = account.Open(query, []byte(`{"Encrypt":"`+sealed+`"}`))
	fmt.Println(errors.Is(err, callback.ErrSignature))
	// Output:
	// {"MsgType":"text","Content":"你好"} <nil>
	// true
}
