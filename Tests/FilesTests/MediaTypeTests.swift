import Testing

@testable import Files

@Suite("Media types")
struct MediaTypeTests {
    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]
    static let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04, 0x14, 0]
    static let ole: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]

    static let contents: [(head: [UInt8], claimed: String?, name: String, found: String)] = [
        (png, "text/html", "a.html", "image/png"), ([0xFF, 0xD8, 0xFF, 0xE0], nil, "", "image/jpeg"),
        (Array("GIF89a...".utf8), nil, "", "image/gif"), (Array("RIFF\u{0}\u{0}\u{0}\u{0}WEBPVP8 ".utf8), nil, "", "image/webp"),
        (Array("RIFF\u{0}\u{0}\u{0}\u{0}WAVEfmt ".utf8), nil, "", "audio/wav"),
        (Array("\u{0}\u{0}\u{0} ftypavif".utf8), nil, "", "image/avif"), (Array("\u{0}\u{0}\u{0} ftypisom".utf8), nil, "", "video/mp4"),
        (Array("%PDF-1.7\n".utf8), "image/png", "x.png", "application/pdf"),
        (zip, nil, "letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (zip, "application/vnd.oasis.opendocument.text", "x", "application/vnd.oasis.opendocument.text"),
        (zip, "text/html", "x.html", "application/zip"), (zip, "image/png", "x.png", "application/zip"),
        (ole, nil, "mail.msg", "application/vnd.ms-outlook"), (ole, "application/msword", "x", "application/msword"),
        ([0x7F, 0x45, 0x4C, 0x46, 2], "image/png", "x.png", "application/x-elf"),
        (Array("MZ\u{90}\u{0}\u{3}".utf8), "application/pdf", "invoice.pdf", "application/vnd.microsoft.portable-executable"),
        (Array("BM".utf8) + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0], nil, "x", "image/bmp"),
        (Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], nil, "x", "application/x-bzip2"),
        (Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 10], nil, "x", "audio/mpeg"),
        // Letters that such a content begins with, and a text may too.
        (Array("BMI,name of them all\n".utf8), "text/csv", "bmi.csv", "text/csv"), (Array("MZ notes".utf8), nil, "x.txt", "text/plain"),
        (Array("ID3 list,of all\n".utf8), nil, "x.csv", "text/csv"), (Array("BZh hello to you".utf8), nil, "x.txt", "text/plain"),
        // Binary without a signature: no claim makes it more than that.
        ([1, 2, 3, 4], "image/png", "x.png", "application/octet-stream"), ([0, 1], "text/html", "x.html", "application/octet-stream"),
        // Text: the claim chooses among types that nothing runs.
        (Array("a,b\n1,2\n".utf8), "text/csv; charset=utf-8", "x", "text/csv"), (Array("a,b\n".utf8), nil, "x.CSV", "text/csv"),
        (Array("BEGIN:VCARD\n".utf8), "TEXT/VCARD", "x", "text/vcard"), (Array("{}".utf8), nil, "x.json", "application/json"),
        (Array("hello".utf8), "text/html", "x.html", "text/plain"), (Array("alert(1)".utf8), "text/javascript", "x.js", "text/plain"),
        (Array("hello".utf8), "image/svg+xml", "x.svg", "text/plain"), ([], nil, "", "text/plain"),
        // What looks active is called so, whatever the claim.
        (Array("<!DOCTYPE HTML><p>".utf8), "text/plain", "x.txt", "text/html"),
        (Array("\n \t<script>".utf8), "image/png", "x", "text/html"),
        ([0xEF, 0xBB, 0xBF] + Array("<html>".utf8), "text/csv", "x.csv", "text/html"),
        (Array("<svg xmlns='http://www.w3.org/2000/svg'>".utf8), "image/png", "x.png", "image/svg+xml"),
        (Array("<?xml version='1.0'?><svg>".utf8), "text/plain", "x", "image/svg+xml"),
        (Array("<?xml version='1.0'?><a/>".utf8), "text/plain", "x", "text/xml"),
        ([0xFF, 0xFE] + "<html>".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, "text/plain", "x", "text/html"),
        (Array("#!/bin/sh\n".utf8), "text/plain", "x", "text/x-script"),
    ]

    @Test("are what the bytes say")
    func sniffed() {
        for content in Self.contents {
            let found = MediaTypeSniffer.mediaType(of: content.head, claimed: content.claimed, name: content.name)
            #expect(found == content.found, "\(content)")
        }
    }

    @Test("that a browser could run anything of are never shown in place")
    func inline() {
        for type in ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/pdf", "text/x-script", "text/csv"] {
            #expect(!MediaTypeSniffer.isSafeInline(type), "\(type)")
        }
        #expect(MediaTypeSniffer.isSafeInline("image/png"))
    }
}
