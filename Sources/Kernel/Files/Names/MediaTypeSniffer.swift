/// Says what a content is by looking at it. What a client claims only chooses among types that the bytes allow, and never makes a content
/// active: what looks like a page or a script is called one, whatever its name says.
package enum MediaTypeSniffer {
    /// - Parameters:
    ///   - head: the first bytes, some kilobytes of them.
    ///   - claimed: what the client says, such as `image/png` or `text/csv; charset=utf-8`.
    package static func mediaType(of head: [UInt8], claimed: String?, name: String) -> String {
        let claim = claimed.map(bare) ?? ""
        if let found = signature(of: head) { return refined(found, claim, FileName.fileExtension(of: name)) }
        guard isText(head) else { return "application/octet-stream" }
        if let active = activeText(head) { return active }
        if plainTexts.contains(claim) { return claim }
        return textExtensions[FileName.fileExtension(of: name)] ?? "text/plain"
    }

    /// Types that a browser can show without running anything in them.
    package static func isSafeInline(_ mediaType: String) -> Bool { inline.contains(mediaType) }

    private static let inline: Set<String> = [
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "audio/mpeg", "audio/wav", "audio/ogg", "video/mp4",
        "video/webm",
        "text/plain",
    ]

    /// A media type without its parameters, in lower case.
    static func bare(_ type: String) -> String {
        String(type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }).lowercased()
    }

    // MARK: Signatures

    /// From the MIME Sniffing Standard, section 6, and the formats' own definitions.
    private static let signatures: [(offset: Int, bytes: [UInt8], type: String)] = [
        (0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        (0, [0xFF, 0xD8, 0xFF], "image/jpeg"),
        (0, Array("GIF87a".utf8), "image/gif"), (0, Array("GIF89a".utf8), "image/gif"),
        (0, [0x49, 0x49, 0x2A, 0x00], "image/tiff"), (0, [0x4D, 0x4D, 0x00, 0x2A], "image/tiff"),
        (0, Array("%PDF-".utf8), "application/pdf"),
        (0, Array("%!PS-Adobe-".utf8), "application/postscript"),
        (0, Array("{\\rtf".utf8), "application/rtf"),
        (0, [0x50, 0x4B, 0x03, 0x04], zip), (0, [0x50, 0x4B, 0x05, 0x06], zip),
        (0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], compound),
        (0, [0x1F, 0x8B, 0x08], "application/gzip"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "application/zstd"),
        (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "application/x-xz"),
        (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
        (0, Array("Rar!\u{1A}\u{07}".utf8), "application/vnd.rar"),
        (257, Array("ustar".utf8), "application/x-tar"),
        (0, [0xFF, 0xFB], "audio/mpeg"), (0, [0xFF, 0xF3], "audio/mpeg"),
        (0, Array("fLaC".utf8), "audio/flac"), (0, Array("OggS".utf8), "audio/ogg"),
        (0, [0x1A, 0x45, 0xDF, 0xA3], "video/webm"),
        (0, [0x00, 0x61, 0x73, 0x6D], "application/wasm"),
        (0, [0x7F, 0x45, 0x4C, 0x46], "application/x-elf"),
    ]

    private static let zip = "application/zip"
    private static let compound = "application/x-ole-storage"

    private static func signature(of head: [UInt8]) -> String? {
        if starts(head, Array("RIFF".utf8)), head.count >= 12 {
            switch String(decoding: head[8..<12], as: UTF8.self) {
            case "WEBP": return "image/webp"
            case "WAVE": return "audio/wav"
            case "AVI ": return "video/x-msvideo"
            default: return "application/octet-stream"
            }
        }
        if starts(head, Array("ftyp".utf8), at: 4), head.count >= 12 {
            switch String(decoding: head[8..<12], as: UTF8.self) {
            case "avif", "avis": return "image/avif"
            case "heic", "heix", "mif1", "msf1": return "image/heic"
            case "M4A ": return "audio/mp4"
            case "qt  ": return "video/quicktime"
            default: return "video/mp4"
            }
        }
        return signatures.first { starts(head, $0.bytes, at: $0.offset) }?.type ?? shortSignature(of: head)
    }

    /// Two or three letters begin many a text, so these formats need more than them: the size of a bitmap's header, the level and the mark of a
    /// bzip2 block, the version of an ID3 tag, bytes that no text has.
    private static func shortSignature(of head: [UInt8]) -> String? {
        if starts(head, Array("BM".utf8)), head.count >= 18, head[6..<10].allSatisfy({ $0 == 0 }), head[15..<18].allSatisfy({ $0 == 0 }) {
            return [12, 16, 40, 52, 56, 64, 108, 124].contains(head[14]) ? "image/bmp" : nil
        }
        if starts(head, Array("BZh".utf8)), head.count >= 10, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(head[3]) {
            let marks: [[UInt8]] = [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]]
            return marks.contains { starts(head, $0, at: 4) } ? "application/x-bzip2" : nil
        }
        if starts(head, Array("ID3".utf8)), head.count >= 10, (2...4).contains(head[3]), head[4] < 0xFF { return "audio/mpeg" }
        return starts(head, Array("MZ".utf8)) && !isText(head) ? "application/vnd.microsoft.portable-executable" : nil
    }

    private static func starts(_ head: [UInt8], _ bytes: [UInt8], at offset: Int = 0) -> Bool {
        head.count >= offset + bytes.count && head[offset..<offset + bytes.count].elementsEqual(bytes)
    }

    // MARK: What a signature leaves open

    /// Office documents are archives or compound files: which kind, the claim or the extension says.
    private static func refined(_ found: String, _ claim: String, _ fileExtension: String) -> String {
        let kinds: [String: String]
        switch found {
        case zip: kinds = archives
        case compound: kinds = compounds
        case "audio/ogg": return claim == "video/ogg" ? claim : found
        case "video/webm": return ["audio/webm", "video/x-matroska"].contains(claim) ? claim : found
        case "image/bmp", "application/vnd.microsoft.portable-executable": return found
        default: return found
        }
        if kinds.values.contains(claim) { return claim }
        return kinds[fileExtension] ?? found
    }

    private static let archives: [String: String] = [
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odp": "application/vnd.oasis.opendocument.presentation", "epub": "application/epub+zip", "jar": "application/java-archive",
    ]

    private static let compounds: [String: String] = [
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "msg": "application/vnd.ms-outlook",
    ]

    // MARK: Text

    private static let plainTexts: Set<String> = [
        "text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/vcard", "text/calendar", "application/json",
        "message/rfc822", "application/yaml",
    ]

    private static let textExtensions: [String: String] = [
        "csv": "text/csv", "tsv": "text/tab-separated-values", "md": "text/markdown", "vcf": "text/vcard", "ics": "text/calendar",
        "json": "application/json", "eml": "message/rfc822", "yaml": "application/yaml", "yml": "application/yaml",
    ]

    /// No byte that text doesn't have (MIME Sniffing, section 7.2: binary data bytes).
    private static func isText(_ head: [UInt8]) -> Bool {
        if starts(head, [0xFE, 0xFF]) || starts(head, [0xFF, 0xFE]) { return true }
        return !head.contains { $0 < 0x09 || $0 == 0x0B || (0x0E...0x1A).contains($0) || (0x1C...0x1F).contains($0) }
    }

    /// Text that a browser would run or interpret: pages, images and documents in markup, scripts with an interpreter's line.
    private static func activeText(_ head: [UInt8]) -> String? {
        var text = head[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        // UTF-16 hides its markup from the comparison below.
        if text.starts(with: [0xFE, 0xFF]) || text.starts(with: [0xFF, 0xFE]) { text = text.dropFirst(2).filter { $0 != 0 }[...] }
        text = text.drop { [0x09, 0x0A, 0x0C, 0x0D, 0x20].contains($0) }
        if text.starts(with: Array("#!".utf8)) { return "text/x-script" }
        guard text.first == UInt8(ascii: "<") else { return nil }
        let start = String(decoding: text.prefix(1_024).map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
        if start.contains("<svg") { return "image/svg+xml" }
        if start.hasPrefix("<?xml") { return start.contains("<html") ? "application/xhtml+xml" : "text/xml" }
        return pages.contains { start.hasPrefix($0) } ? "text/html" : nil
    }

    private static let pages = [
        "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style", "<title", "<b", "<body",
        "<br", "<p", "<!--", "<img", "<form", "<meta", "<link", "<object", "<embed", "<math", "<video", "<audio", "<base",
    ]
}
