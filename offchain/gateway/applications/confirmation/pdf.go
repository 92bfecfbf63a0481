package confirmation

import (
	"bytes"
	"errors"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of the page in millimetres and points.
const (
	marginLeft, marginTop, marginRight, marginBottom = 25.0, 18.0, 18.0, 22.0

	width = 210 - marginLeft - marginRight
	// label is the width of the column of labels.
	label = 48.0
	line  = 5.6

	textSize, smallSize, titleSize, numberSize = 10.5, 8.5, 17.0, 15.0
)

type page struct {
	*fpdf.Fpdf
	words labels
}

// PDF draws the document.
func PDF(d Document) ([]byte, error) {
	w, known := words[d.Language]
	if !known {
		return nil, fmt.Errorf("draw confirmation: language %q is neither ru nor en", d.Language)
	}
	if d.At.IsZero() || len(d.History) == 0 {
		return nil, errors.New("draw confirmation: it has no time or no history")
	}
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), words: w}
	p.SetCatalogSort(true)
	p.SetCreationDate(d.At.UTC())
	p.SetModificationDate(d.At.UTC())
	p.SetProducer("urna", true)
	p.SetTitle(w.title+" "+d.Number, true)
	p.SetLang(d.Language)
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.SetMargins(marginLeft, marginTop, marginRight)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(true, marginBottom)
	p.SetHeaderFunc(func() { p.further(d) })
	p.AliasNbPages("{nb}")
	p.SetFooterFunc(p.footer)
	p.AddPage()
	p.head(d)
	p.state(d)
	p.section(w.applicant)
	for _, r := range d.Applicant {
		p.row(r.Label, r.Value)
	}
	p.history(d)
	p.foot(d)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("draw confirmation: %w", err)
	}
	return out.Bytes(), nil
}

func (p *page) head(d Document) {
	p.font("B", textSize)
	p.MultiCell(width, line, d.Organisation, "", "C", false)
	p.Ln(2)
	p.rule(0.4)
	p.Ln(7)
	p.font("B", titleSize)
	p.MultiCell(width, 8, p.words.title, "", "C", false)
	p.font("", textSize)
	p.MultiCell(width, line, p.words.subtitle, "", "C", false)
	p.Ln(3)
	p.font("B", textSize+0.5)
	p.MultiCell(width, line, d.Campaign, "", "C", false)
	p.Ln(6)
}

// state is the framed part: number, time and status.
func (p *page) state(d Document) {
	top := p.GetY()
	p.SetY(top + 3.5)
	p.inner(p.words.number, d.Number, "B", numberSize)
	p.inner(p.words.filed, d.Filed, "", textSize)
	p.inner(p.words.status, d.Status, "B", numberSize-2)
	if d.Reason != "" {
		p.inner(p.words.reason, d.Reason, "", textSize)
	}
	p.inner(p.words.asOf, d.AsOf, "", textSize)
	p.SetLineWidth(0.4)
	p.SetDrawColor(60, 60, 60)
	p.Rect(marginLeft, top, width, p.GetY()+2.5-top, "D")
	p.SetY(p.GetY() + 7)
	if d.Next != "" {
		p.font("B", textSize)
		p.CellFormat(width, line, p.words.next, "", 1, "L", false, 0, "")
		p.font("", textSize)
		p.MultiCell(width, line, d.Next, "", "L", false)
		p.Ln(4)
	}
}

// inner is a row within the frame.
func (p *page) inner(name, value, style string, size float64) {
	const pad = 4.0
	height := line + (size-textSize)*0.35
	p.SetX(marginLeft + pad)
	p.small()
	p.CellFormat(label-pad, height, name, "", 0, "L", false, 0, "")
	p.font(style, size)
	p.MultiCell(width-label-pad, height, value, "", "L", false)
	p.Ln(1.2)
}

func (p *page) section(title string) {
	p.keep(25)
	p.font("B", textSize)
	p.CellFormat(width, line+1, title, "", 1, "L", false, 0, "")
	p.rule(0.2)
	p.Ln(2)
}

// row is a label and its value, which may take several lines.
func (p *page) row(name, value string) {
	p.small()
	p.CellFormat(label, line, name, "", 0, "L", false, 0, "")
	p.font("", textSize)
	p.MultiCell(width-label, line, value, "", "L", false)
	p.Ln(0.8)
}

func (p *page) history(d Document) {
	p.Ln(4)
	p.section(p.words.history)
	const at, what = label, 32.0
	p.small()
	p.CellFormat(at, line, p.words.time+" ("+d.Zone+")", "", 0, "L", false, 0, "")
	p.CellFormat(what, line, p.words.event, "", 0, "L", false, 0, "")
	p.CellFormat(width-at-what, line, p.words.why, "", 1, "L", false, 0, "")
	for _, s := range d.History {
		p.keep(3 * line)
		p.font("", textSize-0.5)
		p.CellFormat(at, line, s.At, "", 0, "L", false, 0, "")
		p.CellFormat(what, line, s.What, "", 0, "L", false, 0, "")
		p.MultiCell(width-at-what, line, s.Why, "", "L", false)
		p.Ln(0.8)
	}
}

func (p *page) foot(d Document) {
	p.keep(45)
	p.Ln(6)
	p.rule(0.2)
	p.Ln(3)
	p.small()
	p.CellFormat(label, line+1, p.words.code, "", 0, "L", false, 0, "")
	p.font("B", textSize+1)
	p.CellFormat(width-label, line+1, d.Code, "", 1, "L", false, 0, "")
	p.Ln(1.5)
	p.small()
	p.MultiCell(width, 4.4, p.words.check, "", "L", false)
	p.Ln(1)
	p.MultiCell(width, 4.4, p.words.automatic, "", "L", false)
}

// further heads every page but the first.
func (p *page) further(d Document) {
	if p.PageNo() == 1 {
		return
	}
	p.small()
	p.CellFormat(width, line, p.words.title+" · "+p.words.number+" "+d.Number, "", 1, "L", false, 0, "")
	p.rule(0.2)
	p.Ln(4)
}

func (p *page) footer() {
	p.SetY(-14)
	p.small()
	p.CellFormat(width, 5, fmt.Sprintf(p.words.page, p.PageNo()), "", 0, "C", false, 0, "")
}

// keep begins another page if so much does not fit on this one.
func (p *page) keep(height float64) {
	_, all := p.GetPageSize()
	if p.GetY()+height > all-marginBottom {
		p.AddPage()
	}
}

func (p *page) font(style string, size float64) {
	p.SetTextColor(0, 0, 0)
	p.SetFont("go", style, size)
}

// small is for labels and notes.
func (p *page) small() {
	p.SetTextColor(90, 90, 90)
	p.SetFont("go", "", smallSize)
}

func (p *page) rule(thick float64) {
	p.SetLineWidth(thick)
	p.SetDrawColor(60, 60, 60)
	p.Line(marginLeft, p.GetY(), marginLeft+width, p.GetY())
}
