import Glibc

/// Standard output and standard error, with colours where a person looks.
enum Console {
    enum Style: String {
        case bold = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    static let isInteractive = isatty(STDERR_FILENO) == 1
    private static let hasColours = isatty(STDOUT_FILENO) == 1 && !refusesColours

    /// https://no-color.org: set, and to anything but nothing.
    private static var refusesColours: Bool { getenv("NO_COLOR").map { $0.pointee != 0 } ?? false }

    static func print(_ text: String) { write(shown(text) + "\n", to: STDOUT_FILENO) }

    static func error(_ text: String) { write("tessera: \(shown(text))\n", to: STDERR_FILENO) }

    /// A line about what goes on; not part of the output.
    static func note(_ text: String) { write(shown(text) + "\n", to: STDERR_FILENO) }

    /// Replaces the last line of the terminal; prints nothing elsewhere.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        write("\r\u{1B}[K\(shown(text))", to: STDERR_FILENO)
    }

    static func styled(_ text: String, _ style: Style) -> String {
        hasColours ? "\(Mark.begin)\(style.rawValue)\(Mark.middle)\(text)\(Mark.end)" : text
    }

    /// Where a style begins and ends, in code points for private use that nobody else has a use for, until the text is on its way to the terminal.
    private enum Mark {
        static let begin: Unicode.Scalar = "\u{10FFF0}"
        static let middle: Unicode.Scalar = "\u{10FFF1}"
        static let end: Unicode.Scalar = "\u{10FFF2}"
    }

    /// What a terminal gets. Texts that others wrote don't steer it: control characters but line ends and tabs stand as in source text, `\u{1b}`.
    static func shown(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case Mark.begin: shown += "\u{1B}[".unicodeScalars
            case Mark.middle: shown.append("m")
            case Mark.end: shown += "\u{1B}[0m".unicodeScalars
            case "\n", "\t": shown.append(scalar)
            case _ where scalar.properties.generalCategory == .control:
                shown += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Writes all of the bytes, or says why that can't be.
    ///
    /// - Parameter name: what the descriptor leads to, for people.
    static func write(_ bytes: [UInt8], to descriptor: Int32, name: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            let code = errno
            guard written > 0 || code == EINTR else {
                let isFull = [ENOSPC, EDQUOT, EFBIG].contains(code)
                throw Failure(
                    .wrongInput,
                    "\(name) can't be written: \(String(cString: strerror(code))). \(isFull ? "Make room there, or w" : "W")rite to another place."
                )
            }
            rest = rest.dropFirst(max(0, written))
        }
    }

    /// A closed terminal or pipe is no reason to stop.
    private static func write(_ text: String, to descriptor: Int32) { try? write(Array(text.utf8), to: descriptor, name: "") }
}
