package wxsim

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// policy lets the page load its own files, and pictures from wherever the
// server under test keeps them.
const policy = "default-src 'self'; img-src * data:; media-src * blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// servePage adds the chat page and its API to a mux.
func (p *Platform) servePage(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	static := http.FileServerFS(files)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		static.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /sim/state", p.serveState)
	mux.HandleFunc("GET /sim/chat", p.serveChat)
	mux.HandleFunc("GET /sim/events", p.serveEvents)
	mux.HandleFunc("GET /sim/trace", p.serveTrace)
	mux.HandleFunc("GET /sim/samples", p.serveSamples)
	mux.HandleFunc("GET /sim/scenario", p.serveScenario)
	mux.HandleFunc("POST /sim/media", p.serveAddMedia)
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request, act){
		"users": p.serveAddUser, "rename": p.serveRename, "push": p.servePush, "do": p.serveDo, "verify": p.serveVerify,
		"weather": p.serveWeather, "tokens": p.serveTokens, "load": p.serveCrowd, "retry": p.serveRetry,
	} {
		mux.HandleFunc("POST /sim/"+path, samePage(serve))
	}
}
