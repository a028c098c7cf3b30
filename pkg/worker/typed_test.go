package worker_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// typed registers a handler for a type that says which type it was called with,
// and returns the kind.
func typed[T wechat.Typed](mux *worker.Mux, name string) wechat.Kind {
	worker.On(mux, func(context.Context, *T) (wechat.Replies, error) { return wechat.TextReplies(name), nil })
	return (*new(T)).Kind()
}

// types are all that package wechat has a view of.
func types() map[string]func(mux *worker.Mux, name string) wechat.Kind {
	return map[string]func(*worker.Mux, string) wechat.Kind{
		"AnnualRenewEvent":                   typed[wechat.AnnualRenewEvent],
		"AuthorizedInfo":                     typed[wechat.AuthorizedInfo],
		"CardMerchantCheckResultEvent":       typed[wechat.CardMerchantCheckResultEvent],
		"CardNotPassCheckEvent":              typed[wechat.CardNotPassCheckEvent],
		"CardPassCheckEvent":                 typed[wechat.CardPassCheckEvent],
		"CardPayOrderEvent":                  typed[wechat.CardPayOrderEvent],
		"CardSkuRemindEvent":                 typed[wechat.CardSkuRemindEvent],
		"ClickEvent":                         typed[wechat.ClickEvent],
		"CloudInvoiceResultEvent":            typed[wechat.CloudInvoiceResultEvent],
		"ComponentVerifyTicketInfo":          typed[wechat.ComponentVerifyTicketInfo],
		"DebugDemoEvent":                     typed[wechat.DebugDemoEvent],
		"DeviceEvent":                        typed[wechat.DeviceEvent],
		"DeviceStatus":                       typed[wechat.DeviceStatus],
		"DeviceText":                         typed[wechat.DeviceText],
		"EnterEvent":                         typed[wechat.EnterEvent],
		"File":                               typed[wechat.File],
		"GiftCardPayDoneEvent":               typed[wechat.GiftCardPayDoneEvent],
		"GiftCardSendToFriendEvent":          typed[wechat.GiftCardSendToFriendEvent],
		"GiftCardUserAcceptEvent":            typed[wechat.GiftCardUserAcceptEvent],
		"Hardware":                           typed[wechat.Hardware],
		"Image":                              typed[wechat.Image],
		"KfCloseSessionEvent":                typed[wechat.KfCloseSessionEvent],
		"KfCreateSessionEvent":               typed[wechat.KfCreateSessionEvent],
		"KfSwitchSessionEvent":               typed[wechat.KfSwitchSessionEvent],
		"Link":                               typed[wechat.Link],
		"Location":                           typed[wechat.Location],
		"LocationEvent":                      typed[wechat.LocationEvent],
		"LocationSelectEvent":                typed[wechat.LocationSelectEvent],
		"MassSendJobFinishEvent":             typed[wechat.MassSendJobFinishEvent],
		"MerchantOrderEvent":                 typed[wechat.MerchantOrderEvent],
		"MiniProgramPage":                    typed[wechat.MiniProgramPage],
		"NamingVerifyFailEvent":              typed[wechat.NamingVerifyFailEvent],
		"NamingVerifySuccessEvent":           typed[wechat.NamingVerifySuccessEvent],
		"Notify3rdWxaAuthInfo":               typed[wechat.Notify3rdWxaAuthInfo],
		"Notify3rdWxaWxVerifyInfo":           typed[wechat.Notify3rdWxaWxVerifyInfo],
		"NotifyApplyICPFilingResultInfo":     typed[wechat.NotifyApplyICPFilingResultInfo],
		"NotifyICPFilingVerifyResultInfo":    typed[wechat.NotifyICPFilingVerifyResultInfo],
		"NotifyThirdFastRegisterBetaAppInfo": typed[wechat.NotifyThirdFastRegisterBetaAppInfo],
		"NotifyThirdFastVerifyBetaAppInfo":   typed[wechat.NotifyThirdFastVerifyBetaAppInfo],
		"NotifyThirdFasteRegisterInfo":       typed[wechat.NotifyThirdFasteRegisterInfo],
		"OrderPathApplyResultInfo":           typed[wechat.OrderPathApplyResultInfo],
		"OrderPathAuditResultInfo":           typed[wechat.OrderPathAuditResultInfo],
		"PicPhotoOrAlbumEvent":               typed[wechat.PicPhotoOrAlbumEvent],
		"PicSysPhotoEvent":                   typed[wechat.PicSysPhotoEvent],
		"PicWeixinEvent":                     typed[wechat.PicWeixinEvent],
		"PublishJobFinishEvent":              typed[wechat.PublishJobFinishEvent],
		"QualificationVerifyFailEvent":       typed[wechat.QualificationVerifyFailEvent],
		"QualificationVerifySuccessEvent":    typed[wechat.QualificationVerifySuccessEvent],
		"ScanCodePushEvent":                  typed[wechat.ScanCodePushEvent],
		"ScanCodeWaitMsgEvent":               typed[wechat.ScanCodeWaitMsgEvent],
		"ScanEvent":                          typed[wechat.ScanEvent],
		"ShortVideo":                         typed[wechat.ShortVideo],
		"SubmitInvoiceTitleEvent":            typed[wechat.SubmitInvoiceTitleEvent],
		"SubmitMemberCardUserInfoEvent":      typed[wechat.SubmitMemberCardUserInfoEvent],
		"SubscribeEvent":                     typed[wechat.SubscribeEvent],
		"SubscribeMsgChangeEvent":            typed[wechat.SubscribeMsgChangeEvent],
		"SubscribeMsgPopupEvent":             typed[wechat.SubscribeMsgPopupEvent],
		"SubscribeMsgSentEvent":              typed[wechat.SubscribeMsgSentEvent],
		"TemplateSendJobFinishEvent":         typed[wechat.TemplateSendJobFinishEvent],
		"Text":                               typed[wechat.Text],
		"UnauthorizedInfo":                   typed[wechat.UnauthorizedInfo],
		"UnsubscribeEvent":                   typed[wechat.UnsubscribeEvent],
		"UpdateAuthorizedInfo":               typed[wechat.UpdateAuthorizedInfo],
		"UpdateInvoiceStatusEvent":           typed[wechat.UpdateInvoiceStatusEvent],
		"UpdateMemberCardEvent":              typed[wechat.UpdateMemberCardEvent],
		"UserAuthorizationCancellationEvent": typed[wechat.UserAuthorizationCancellationEvent],
		"UserAuthorizationRevokeEvent":       typed[wechat.UserAuthorizationRevokeEvent],
		"UserAuthorizeInvoiceEvent":          typed[wechat.UserAuthorizeInvoiceEvent],
		"UserConsumeCardEvent":               typed[wechat.UserConsumeCardEvent],
		"UserDelCardEvent":                   typed[wechat.UserDelCardEvent],
		"UserEnterSessionFromCardEvent":      typed[wechat.UserEnterSessionFromCardEvent],
		"UserEnterTempSessionEvent":          typed[wechat.UserEnterTempSessionEvent],
		"UserGetCardEvent":                   typed[wechat.UserGetCardEvent],
		"UserGiftingCardEvent":               typed[wechat.UserGiftingCardEvent],
		"UserInfoModifiedEvent":              typed[wechat.UserInfoModifiedEvent],
		"UserPayFromPayCellEvent":            typed[wechat.UserPayFromPayCellEvent],
		"UserViewCardEvent":                  typed[wechat.UserViewCardEvent],
		"VerifyExpiredEvent":                 typed[wechat.VerifyExpiredEvent],
		"Video":                              typed[wechat.Video],
		"ViewEvent":                          typed[wechat.ViewEvent],
		"ViewMiniProgramEvent":               typed[wechat.ViewMiniProgramEvent],
		"Voice":                              typed[wechat.Voice],
		"WxVerifyDispatchEvent":              typed[wechat.WxVerifyDispatchEvent],
		"WxVerifyFailEvent":                  typed[wechat.WxVerifyFailEvent],
		"WxVerifyPaySuccEvent":               typed[wechat.WxVerifyPaySuccEvent],
		"WxVerifyRefillEvent":                typed[wechat.WxVerifyRefillEvent],
		"WxaNicknameAuditInfo":               typed[wechat.WxaNicknameAuditInfo],
	}
}

func TestTypesAreComplete(t *testing.T) {
	var want []string
	files, err := filepath.Glob("../wechat/*.go")
	if err != nil {
		t.Fatal(err)
	}
	kind := regexp.MustCompile(`(?m)^func \((\w+)\) Kind\(\) Kind`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			for _, found := range kind.FindAllSubmatch(text, -1) {
				want = append(want, string(found[1]))
			}
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(types()))); diff != "" {
		t.Errorf("types (-declared +tested):\n%s", diff)
	}
}

// Every kind of message that there is a type of reaches the handler for that
// type, as WeChat sends it.
func TestEveryTypeTakesItsMessages(t *testing.T) {
	mux, byKind := worker.NewMux(), map[wechat.Kind]string{}
	for name, register := range types() {
		byKind[register(mux, name)] = name
	}
	handler, taken := mux.Handler(), map[string]bool{}
	pushes, err := filepath.Glob("../wechat/testdata/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pushes {
		push, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wechat.Decode(push)
		if err != nil || byKind[m.Kind()] == "" {
			continue // one that is broken on purpose, or has no type
		}
		replies, err := handler(t.Context(), m)
		if err != nil || len(replies) != 1 {
			t.Errorf("%s: %d replies, %v", file, len(replies), err)
			continue
		}
		name := byKind[m.Kind()]
		if diff := cmp.Diff(wechat.TextReplies(name), replies); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
		taken[name] = true
	}
	for name := range types() {
		if !taken[name] {
			t.Errorf("no push of a %s", name)
		}
	}
}

// What is not of the kind that its subject says is a dead letter.
func TestMessageThatIsNotOfItsTypeIsMalformed(t *testing.T) {
	r, mux := newRig(t), worker.NewMux()
	worker.On(mux, func(context.Context, *wechat.Text) (wechat.Replies, error) { return nil, errors.New("called") })
	r.run(mux, nil)
	if _, err := r.bus.Publish(t.Context(), "wechat.in.main.0.text", "odd", nil, []byte(`{"MsgType":"image","FromUserName":"u"}`)); err != nil {
		t.Fatal(err)
	}
	letter := r.dead(1)[0]
	got := []string{letter.Header.Get(worker.DeadReason), letter.Header.Get(worker.DeadDetail)}
	if diff := cmp.Diff([]string{"malformed", "view of text: the message is of kind image"}, got); diff != "" {
		t.Error(diff)
	}
	r.settled()
}

// anyEvent is a type of a program's own, for many kinds.
type anyEvent struct {
	wechat.Common

	EventKey string
}

func (anyEvent) Kind() wechat.Kind { return wechat.AnyEvent }

func TestTypeOfYourOwn(t *testing.T) {
	mux := worker.NewMux()
	worker.On(mux, func(_ context.Context, e *anyEvent) (wechat.Replies, error) {
		return wechat.TextReplies(e.Push.Field("Event") + " " + e.EventKey), nil
	})
	if got := answer(t, mux, `{"MsgType":"event","Event":"CLICK","EventKey":"A"}`); got != "CLICK A" {
		t.Errorf("answered %q", got)
	}
}
