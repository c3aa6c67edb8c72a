/// Puts lines together that a card breaks in two: a line that begins with a blank goes on the one before it (3.0, 4.0), a quoted-printable one goes
/// on after `=` at its end (2.1), and so does BASE64 without any mark, until an empty line.
struct LogicalLines: Sendable {
    struct Line: Sendable {
        var bytes: [UInt8]
        /// Of its first part.
        var line: Int
    }

    private var pending: Line?
    private var encoding = Encoding.plain

    private enum Encoding {
        case plain, quotedPrintable, base64
    }

    /// Takes a line as it stands in the file; returns the one before it when it is complete.
    mutating func take(_ physical: ArraySlice<UInt8>, line: Int) -> Line? {
        if var current = pending {
            if encoding == .quotedPrintable, current.bytes.last == UInt8(ascii: "=") {
                current.bytes.removeLast()
                pending = nil
                current.bytes.append(contentsOf: physical)
                pending = current
                return nil
            }
            if physical.first == 0x20 || physical.first == 0x09 {
                pending = nil
                current.bytes.append(contentsOf: physical.dropFirst())
                pending = current
                noteEncoding()
                return nil
            }
            if encoding == .base64, !physical.isEmpty, !physical.contains(UInt8(ascii: ":")) {
                pending = nil
                current.bytes.append(contentsOf: physical)
                pending = current
                return nil
            }
        }
        let complete = pending
        pending = physical.isEmpty ? nil : Line(bytes: Array(physical), line: line)
        noteEncoding()
        return complete
    }

    mutating func finish() -> Line? {
        defer { pending = nil }
        return pending
    }

    private mutating func noteEncoding() {
        encoding = .plain
        guard let bytes = pending?.bytes.prefix(400), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return }
        let head = String(decoding: bytes[..<colon], as: UTF8.self).uppercased()
        if head.contains("QUOTED-PRINTABLE") {
            encoding = .quotedPrintable
        } else if head.contains("BASE64") || head.contains("ENCODING=B") {
            encoding = .base64
        }
    }
}
