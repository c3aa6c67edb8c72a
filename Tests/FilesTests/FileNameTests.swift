import Testing

@testable import Files

@Suite("Names of files")
struct FileNameTests {
    static let names: [(String, String)] = [
        ("report.pdf", "report.pdf"), ("Übersicht – 2026.xlsx", "Übersicht – 2026.xlsx"), ("写真.jpg", "写真.jpg"), ("👩‍💻.png", "👩‍💻.png"),
        ("../../etc/passwd", "passwd"), ("C:\\Users\\Ada\\cv.doc", "cv.doc"), ("/", "file"), ("", "file"), ("..", "file"), (".", "file"),
        (".htaccess", "htaccess"), ("a.txt. . ", "a.txt"), ("  spaced  out .txt", "spaced  out .txt"),
        ("a\u{0}b\r\nc\u{1B}.txt", "abc.txt"), ("\u{85}x\u{9F}", "x"),
        // What would read "photo_gpj.exe" as "photo_exe.jpg".
        ("photo_\u{202E}gpj.exe", "photo_gpj.exe"), ("\u{2066}a\u{2069}\u{200E}\u{061C}.txt", "a.txt"),
        ("in\u{200B}vis\u{FEFF}ible\u{2028}.txt", "invisible.txt"), ("می\u{200C}خواهم.txt", "می\u{200C}خواهم.txt"),
        ("a<b>c:d\"e|f?g*.txt", "a_b_c_d_e_f_g_.txt"),
        // A slash or a dot with an accent on it is one character and still a slash or a dot.
        ("..\\\u{301}x", "\u{301}x"), ("/\u{301}a", "\u{301}a"), (".\u{301}a", "\u{301}a"), ("e\u{301}.txt", "\u{E9}.txt"),
        ("CON", "_CON"), ("nul.txt", "_nul.txt"), ("com1", "_com1"), ("lpt9.log", "_lpt9.log"), ("COM¹.txt", "_COM¹.txt"), ("com⁴", "com⁴"),
        ("comma.txt", "comma.txt"),
        (String(repeating: "a", count: 300) + ".pdf", String(repeating: "a", count: 196) + ".pdf"),
        (String(repeating: "é", count: 150), String(repeating: "é", count: 100)),
        ("a." + String(repeating: "x", count: 300), "a." + String(repeating: "x", count: 198)),
    ]

    @Test("lose what misleads or harms, and keep the rest")
    func cleaned() {
        for (name, expected) in Self.names {
            #expect(FileName.cleaned(name) == expected, "\(name.debugDescription)")
            // Clean is clean.
            #expect(FileName.cleaned(expected) == expected, "\(expected.debugDescription)")
        }
    }

    @Test(
        "get the extension that fits the bytes, where they have one that misleads",
        arguments: [
            ("photo.exe", "image/png", "photo.exe.png"), ("photo.PNG", "image/png", "photo.PNG"),
            ("photo.jpeg", "image/jpeg", "photo.jpeg"),
            ("photo.png", "image/jpeg", "photo.png.jpg"), ("photo", "image/png", "photo"), ("cv.doc", "application/pdf", "cv.doc.pdf"),
            ("notes.exe", "text/plain", "notes.exe"), ("photo.svg", "image/svg+xml", "photo.svg"),
            (String(repeating: "a", count: 196) + ".exe", "image/png", String(repeating: "a", count: 196) + ".png"),
        ])
    func fitting(name: String, mediaType: String, expected: String) {
        #expect(FileName.fitting(name, mediaType) == expected)
        #expect(FileName.cleaned(expected) == expected)
    }

    @Test("come out of headers in every way that clients write them")
    func parameters() {
        let headers: [(String, String?)] = [
            ("attachment; filename=\"a b.txt\"", "a b.txt"), ("attachment; filename=plain.txt", "plain.txt"),
            ("form-data; name=\"file\"; filename=\"say \\\"hi\\\".txt\"", "say \"hi\".txt"),
            ("attachment; filename=\"C:\\temp\\x.txt\"", "C:\\temp\\x.txt"),
            ("attachment; filename=\"fallback\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt", "naïve €.txt"),
            ("attachment; filename*=UTF-8''%FF; filename=\"fallback\"", "fallback"),
            ("attachment; filename*=iso-8859-1''a; filename=b", "b"),
            ("attachment; FileName=\"x\"", "x"), ("attachment", nil), ("", nil), ("; ; =;filename", nil), ("a; filename=\"open", "open"),
        ]
        for (header, expected) in headers { #expect(HeaderParameters(header).fileName == expected, "\(header)") }
        #expect(HeaderParameters(" Form-Data ; name=x").value == "form-data")
    }
}
