import Files
import NIOCore

/// The reader of forms with files, and what it makes of names and media types: whole, and in small pieces.
struct MultipartFront: Front {
    static let name = "multipart"
    static let longestInput = 64 << 10
    static let dictionary = [
        "--b", "\r\n--b", "\r\n--b--", "--b--\r\n", "\r\n", "\r\n\r\n", "\r", "\n", "--", "Content-Disposition: form-data; name=\"f\"",
        "; filename=\"a.txt\"", "; filename*=UTF-8''%E2%82%AC", "; filename*=", "%", "''", "\\\"", "\"", ";", "=",
        "Content-Type: text/html",
        "Content-Type: image/png", "\u{89}PNG\r\n", "<html>", "../", "\\", "\u{202E}", "\u{200B}", "CON", ".", "%PDF-", "PK\u{3}\u{4}",
    ]

    func run(_ input: [UInt8]) -> Outcome {
        let whole = read(input, piece: max(1, input.count))
        let pieces = read(input, piece: 1 + input.count % 23)
        if whole != pieces {
            return Outcome(whole.shape, finding: "pieces of \(1 + input.count % 23) bytes read differently than the whole")
        }
        if whole.contents.reduce(0, { $0 + $1.count }) > input.count { return Outcome(whole.shape, finding: "more comes out than went in") }
        for (part, content) in zip(whole.parts, whole.contents) {
            guard let finding = check(part, content) else { continue }
            return Outcome(whole.shape, finding: finding)
        }
        return Outcome(whole.shape)
    }

    private struct Reading: Equatable {
        var parts: [MultipartReader.Part] = []
        var contents: [[UInt8]] = []
        var error: String?

        var shape: String {
            let names = parts.prefix(4).map { "\($0.name == nil ? 0 : 1)\($0.fileName == nil ? 0 : 1)\($0.contentType == nil ? 0 : 1)" }
            return "\(min(parts.count, 5)) \(names) \(min(contents.map(\.count).max() ?? 0, 3)) \(error?.withoutDetails ?? "")"
        }
    }

    private func read(_ input: [UInt8], piece: Int) -> Reading {
        var reader = MultipartReader(boundary: "b")
        var reading = Reading()
        do throws(MultipartReader.Malformed) {
            for start in stride(from: 0, to: input.count, by: piece) {
                for event in try reader.feed(ByteBuffer(bytes: input[start..<min(input.count, start + piece)])) {
                    switch event {
                    case .part(let part):
                        reading.parts.append(part)
                        reading.contents.append([])
                    case .content(let bytes): reading.contents[reading.contents.count - 1] += Array(bytes.readableBytesView)
                    case .end: break
                    }
                }
            }
            try reader.finish()
        } catch {
            // Where a body is cut into pieces decides how much is read before it is refused.
            return Reading(error: error.description)
        }
        return reading
    }

    private func check(_ part: MultipartReader.Part, _ content: [UInt8]) -> String? {
        let name = FileName.cleaned(part.fileName ?? part.name ?? "")
        if name.isEmpty || name.utf8.count > 200 { return "a name of \(name.utf8.count) bytes" }
        if FileName.cleaned(name) != name { return "a clean name isn't clean" }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "/" || $0 == "\\" || $0.value == 0x202E }) {
            return "a name with what it may not have"
        }
        let type = MediaTypeSniffer.mediaType(of: content, claimed: part.contentType, name: name)
        if type.utf8.contains(where: { $0 < 0x21 || $0 > 0x7E }) { return "a media type that isn't one" }
        let claim = part.contentType?.lowercased() ?? ""
        if content.isEmpty, claim.contains("html"), type == "text/html" { return "a claim made a page of nothing" }
        return nil
    }
}
