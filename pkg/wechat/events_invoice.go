package wechat

// UserAuthorizeInvoiceEvent is a user who asks for an electronic invoice, or
// does not get one. Exactly one of the two orders is named.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html
type UserAuthorizeInvoiceEvent struct {
	Common

	// SuccOrderId is the order whose invoice was asked for; else empty.
	SuccOrderId string
	// FailOrderId is the order for which that failed; else empty.
	FailOrderId string
	// AuthorizeAppId is the account that showed the page. The page on gift cards
	// calls it AppId. It may be empty.
	AuthorizeAppId string `wechat:"AuthorizeAppId|AppId"`
	// Source is where the page was opened, such as web or app. Some pushes spell
	// it source. It may be empty.
	Source string `wechat:"Source|source"`
}

// Kind returns Kind("event.user_authorize_invoice").
func (UserAuthorizeInvoiceEvent) Kind() Kind { return "event.user_authorize_invoice" }

// UpdateInvoiceStatusEvent is a user's invoice that is handed in for
// reimbursement, or withdrawn.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Invoicing_Platform_API_List.html
type UpdateInvoiceStatusEvent struct {
	Common

	// Status is INVOICE_REIMBURSE_INIT (to be had), INVOICE_REIMBURSE_LOCK (handed
	// in) or INVOICE_REIMBURSE_CLOSURE (reimbursed).
	Status string
	// CardId is the card of the invoice.
	CardId string
	// Code is the user's copy of the card, see [UserCard].
	Code string
}

// Kind returns Kind("event.update_invoice_status").
func (UpdateInvoiceStatusEvent) Kind() Kind { return "event.update_invoice_status" }

// SubmitInvoiceTitleEvent is a user who sends the particulars for an invoice
// (发票抬头), after scanning the shop's code.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/Quick_Issuing/Interface_Instructions.html
type SubmitInvoiceTitleEvent struct {
	Common

	// Title is to whom the invoice is made out.
	Title string `wechat:"title"`
	// TaxNo is the tax number; empty for a person.
	TaxNo string `wechat:"tax_no"`
	// Addr is the address, may be empty.
	Addr string `wechat:"addr"`
	// Phone is the telephone number, may be empty.
	Phone string `wechat:"phone"`
	// BankType is the bank, may be empty.
	BankType string `wechat:"bank_type"`
	// BankNo is the account at the bank, may be empty.
	BankNo string `wechat:"bank_no"`
	// Attach is what the shop put into the code, such as its order.
	Attach string `wechat:"attach"`
	// TitleType is whether the user is a company or a person, such as
	// InvoiceUserTitleBusinessType.
	TitleType string `wechat:"title_type"`
}

// Kind returns Kind("event.submit_invoice_title").
func (SubmitInvoiceTitleEvent) Kind() Kind { return "event.submit_invoice_title" }

// CloudInvoiceResultEvent is the result of making an invoice on WeChat's own
// platform. The fields bear the initials of their Chinese names.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Invoicing_Platform_API_List.html
type CloudInvoiceResultEvent struct {
	Common

	// Fpqqlsh is the number of the request (发票请求流水号).
	Fpqqlsh string `wechat:"fpqqlsh"`
	// Status is how the invoice stands, as a number of the platform's.
	Status int64 `wechat:"status"`
	// Nsrsbh is the tax number of the seller (纳税人识别号).
	Nsrsbh string `wechat:"nsrsbh"`
}

// Kind returns Kind("event.cloud_invoice_invoiceresult_event").
func (CloudInvoiceResultEvent) Kind() Kind { return "event.cloud_invoice_invoiceresult_event" }
