/// Reads cards out of a stream of bytes: 2.1, 3.0 and 4.0, several in a file, as address books really write them.
///
/// Strict about what tells cards apart (BEGIN and END) and about bounds, forgiving about the rest: lines folded in any of the versions' ways,
/// groups, parameters without names, character sets, missing colons of unknown properties. A card that can't be read is reported with its line
/// and text, and the next one is read.
package struct VCardReader: Sendable {
    package struct Item: Sendable {
        /// Of BEGIN, from 1.
        package var line: Int
        /// The card as it stands in the file.
        package var source: [UInt8]
        package var card: Result<VCard, VCardError>
    }

    private var buffer: [UInt8] = []
    private var position = 0
    private var isFinished = false
    private var line = 0
    private var lines = LogicalLines()
    private var open: OpenCard?
    private let limits: VCardLimits

    package init(limits: VCardLimits = VCardLimits()) { self.limits = limits }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// No more bytes come.
    package mutating func finish() { isFinished = true }

    /// The next card; nil when more bytes are needed, or after the last card.
    ///
    /// - Throws: what ends the reading: text outside of cards, a card beyond the limits.
    package mutating func next() throws(VCardError) -> Item? {
        while let physical = try nextLine() {
            if let item = try take(physical) { return item }
        }
        guard isFinished, let open else { return nil }
        self.open = nil
        return Item(line: open.line, source: open.source, card: .failure(VCardError(line: open.line, "The card has no END:VCARD.")))
    }

    // MARK: Lines

    /// Lines end with LF, CR or any number of CR before LF, as some programs leave them behind.
    private mutating func nextLine() throws(VCardError) -> ArraySlice<UInt8>? {
        var end = position
        while end < buffer.count, buffer[end] != 0x0A, buffer[end] != 0x0D { end += 1 }
        var next = end
        while next < buffer.count, buffer[next] == 0x0D { next += 1 }
        if next < buffer.count {
            if buffer[next] == 0x0A { next += 1 }
        } else if !isFinished {
            guard buffer.count - position <= limits.cardBytes else {
                throw VCardError(line: line + 1, "The line is longer than \(limits.cardBytes) bytes.")
            }
            return nil
        }
        guard next > position else { return nil }
        line += 1
        let start = line == 1 && buffer[position..<end].starts(with: [0xEF, 0xBB, 0xBF]) ? position + 3 : position
        position = next
        return buffer[start..<end]
    }

    private mutating func take(_ physical: ArraySlice<UInt8>) throws(VCardError) -> Item? {
        if open == nil {
            if physical.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return nil }
            guard physical.isWord("BEGIN:VCARD") else {
                let hint =
                    physical.starts(with: [0xFF, 0xFE]) || physical.starts(with: [0xFE, 0xFF]) ? " UTF-16 is not supported yet." : ""
                throw VCardError(line: line, "Here a card should begin with BEGIN:VCARD.\(hint)")
            }
            open = OpenCard(line: line)
            open?.add(physical)
            lines = LogicalLines()
            return nil
        }
        open?.add(physical)
        if let size = open?.source.count, size > limits.cardBytes {
            throw VCardError(line: line, "The card is larger than \(limits.cardBytes) bytes.")
        }
        if physical.isWord("END:VCARD") { return end() }
        if physical.isWord("BEGIN:VCARD") {
            // An agent's card lies within its principal's (2.1).
            open?.depth += 1
            return nil
        }
        if open?.depth == 0, let logical = lines.take(physical, line: line) { add(logical) }
        return nil
    }

    private mutating func add(_ logical: LogicalLines.Line) {
        guard var card = open, card.failure == nil else { return }
        defer { open = card }
        guard card.count < limits.properties else {
            card.failure = VCardError(line: logical.line, "The card has more than \(limits.properties) properties.")
            return
        }
        card.count += 1
        do throws(VCardError) {
            guard let property = try VCardLine.property(logical.bytes, line: logical.line) else { return }
            guard !["BEGIN", "END"].contains(property.name) else {
                throw VCardError(line: logical.line, "BEGIN and END stand in a line of their own, with VCARD and nothing else.")
            }
            if property.name == "VERSION" {
                card.version = VCard.Version(rawValue: property.text.trimmingBlanks())
            } else {
                card.properties.append(property)
            }
        } catch {
            card.failure = error
        }
    }

    private mutating func end() -> Item? {
        if let depth = open?.depth, depth > 0 {
            open?.depth -= 1
            return nil
        }
        if let last = lines.finish() { add(last) }
        guard let card = open else { return nil }
        open = nil
        let result = VCard(version: card.version ?? .v3_0, properties: card.properties)
        return Item(line: card.line, source: card.source, card: card.failure.map { .failure($0) } ?? .success(result))
    }

    private struct OpenCard: Sendable {
        var line: Int
        var source: [UInt8] = []
        var depth = 0
        var count = 0
        var version: VCard.Version?
        var properties: [VCard.Property] = []
        var failure: VCardError?

        init(line: Int) { self.line = line }

        mutating func add(_ physical: ArraySlice<UInt8>) {
            source.append(contentsOf: physical)
            source.append(contentsOf: [0x0D, 0x0A])
        }
    }
}

/// Bounds on what one card may hold, so that no file can fill the memory.
package struct VCardLimits: Sendable {
    /// Bytes of a card as it stands in the file. 16 MiB: a photo of 12.
    package var cardBytes: Int
    /// Properties of a card. 2,000.
    package var properties: Int

    package init(cardBytes: Int = 16 << 20, properties: Int = 2000) {
        self.cardBytes = max(64, cardBytes)
        self.properties = max(1, properties)
    }
}

/// Why a card, or a file of cards, can't be read.
package struct VCardError: Error, Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let message: String

    init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { "line \(line): \(message)" }
}

extension ArraySlice<UInt8> {
    /// Whether the line is this, whatever its case and the blanks after it. Blanks before it make it part of another line.
    fileprivate func isWord(_ word: String) -> Bool {
        guard count >= word.utf8.count, count <= word.utf8.count + 16, let first, first > 0x20 else { return false }
        return String(decoding: self, as: UTF8.self).trimmingBlanks().uppercased() == word
    }
}
