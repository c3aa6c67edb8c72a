/// Several values in one cell: `work:ada@example.com [opted_out]; ada@home.example [primary]`.
///
/// Entries stand between semicolons. What is said about an entry follows it in square brackets: flags and `name=value`, between commas. A text
/// that holds `;`, `,`, `[`, `]`, `"` or a line break, or blanks at its ends, stands in double quotes, quotes in it doubled.
struct CellList {
    struct Entry: Equatable, Sendable {
        var text: String
        /// Quoted texts are taken as they stand: no kind before a colon, no id.
        var isQuoted = false
        var notes: [Note] = []
    }

    /// `primary`, `role=CEO`, `since=` for no value.
    struct Note: Equatable, Sendable {
        var name: String
        var value: Value

        enum Value: Equatable, Sendable {
            case flag, none
            case text(String)
        }
    }

    // MARK: Writing

    static func text(_ entries: [Entry]) -> String {
        entries.map { entry in
            let text = entry.isQuoted ? quote(entry.text) : quotedIfNeeded(entry.text)
            guard !entry.notes.isEmpty else { return text }
            return "\(text) [\(entry.notes.map(self.text).joined(separator: ", "))]"
        }.joined(separator: "; ")
    }

    private static func text(_ note: Note) -> String {
        switch note.value {
        case .flag: note.name
        case .none: "\(note.name)="
        case .text(let text): "\(note.name)=\(quotedIfNeeded(text))"
        }
    }

    static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty || text.utf8.contains { special.contains($0) } || text != text.trimmingBlanks()
    }

    private static let special = Set(";,[]\"\n\r".utf8)

    private static func quotedIfNeeded(_ text: String) -> String { needsQuotes(text) ? quote(text) : text }

    private static func quote(_ text: String) -> String {
        "\"" + text.unicodeScalars.reduce(into: "") { $0 += $1 == "\"" ? "\"\"" : String($1) } + "\""
    }

    // MARK: Reading

    /// The entries of a cell; empty ones are left out.
    ///
    /// - Parameters:
    ///   - commas: whether commas separate entries too.
    ///   - notes: the names that may stand in brackets. Brackets with anything else belong to the text.
    static func entries(of text: String, commas: Bool = false, notes: Set<String> = []) -> [Entry] {
        var reader = Reader(bytes: Array(text.utf8), commas: commas, known: notes)
        return reader.entries()
    }

    /// Words between semicolons or, where there are none, between commas.
    static func words(of text: String) -> [String] {
        let entries = entries(of: text)
        guard entries.count == 1, !entries[0].isQuoted else { return entries.map(\.text) }
        return self.entries(of: text, commas: true).map(\.text)
    }

    private struct Reader {
        let bytes: [UInt8]
        let commas: Bool
        let known: Set<String>
        var position = 0

        mutating func entries() -> [Entry] {
            var entries: [Entry] = []
            while position < bytes.count {
                skipBlanks()
                let entry = readEntry()
                if entry.isQuoted || !entry.text.isEmpty { entries.append(entry) }
                position += 1
            }
            return entries
        }

        private mutating func readEntry() -> Entry {
            let start = position
            if let text = readQuoted() {
                if let notes = readEnd() { return Entry(text: text, isQuoted: true, notes: notes) }
                position = start
            }
            while position < bytes.count, !isSeparator(bytes[position]) {
                let end = position
                if bytes[position] == UInt8(ascii: "["), let notes = readEnd() {
                    return Entry(text: text(start, end), notes: notes)
                }
                position = end + 1
            }
            return Entry(text: text(start, position))
        }

        /// What may follow a text: notes, then the entry's end. Nil for anything else, and the position is the caller's to reset.
        private mutating func readEnd() -> [Note]? {
            skipBlanks()
            var notes: [Note] = []
            if position < bytes.count, bytes[position] == UInt8(ascii: "[") {
                guard let read = readNotes() else { return nil }
                notes = read
                skipBlanks()
            }
            return position >= bytes.count || isSeparator(bytes[position]) ? notes : nil
        }

        private mutating func readNotes() -> [Note]? {
            var notes: [Note] = []
            repeat {
                position += 1
                skipBlanks()
                let start = position
                while position < bytes.count, bytes[position].isNameByte { position += 1 }
                let name = text(start, position)
                guard known.contains(name) else { return nil }
                skipBlanks()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else {
                    notes.append(Note(name: name, value: .flag))
                    continue
                }
                position += 1
                skipBlanks()
                let valueStart = position
                if let quoted = readQuoted() {
                    notes.append(Note(name: name, value: .text(quoted)))
                    skipBlanks()
                } else {
                    while position < bytes.count, ![UInt8(ascii: ","), UInt8(ascii: "]")].contains(bytes[position]) { position += 1 }
                    let value = text(valueStart, position)
                    notes.append(Note(name: name, value: value.isEmpty ? .none : .text(value)))
                }
            } while position < bytes.count && bytes[position] == UInt8(ascii: ",")
            guard position < bytes.count, bytes[position] == UInt8(ascii: "]") else { return nil }
            position += 1
            return notes
        }

        /// A text in quotes that begins here; nil, and nothing is read, where none does or none ends.
        private mutating func readQuoted() -> String? {
            let quote = UInt8(ascii: "\"")
            guard position < bytes.count, bytes[position] == quote else { return nil }
            var content: [UInt8] = []
            var index = position + 1
            while index < bytes.count {
                if bytes[index] == quote {
                    guard index + 1 < bytes.count, bytes[index + 1] == quote else {
                        position = index + 1
                        return String(decoding: content, as: UTF8.self)
                    }
                    index += 1
                }
                content.append(bytes[index])
                index += 1
            }
            return nil
        }

        private mutating func skipBlanks() {
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }

        private func isSeparator(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: ";") || byte == 0x0A || commas && byte == UInt8(ascii: ",")
        }

        private func text(_ start: Int, _ end: Int) -> String {
            String(decoding: bytes[start..<end], as: UTF8.self).trimmingBlanks()
        }
    }
}

extension UInt8 {
    /// A small letter, a digit or `_`: what keys are made of.
    fileprivate var isNameByte: Bool { self >= 0x61 && self <= 0x7A || self >= 0x30 && self <= 0x39 || self == 0x5F }
}
