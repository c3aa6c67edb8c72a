import Transfer

/// The vCard reader: whole, in small pieces, with tight limits, and what the writer makes of its cards.
struct VCardFront: Front {
    static let name = "vcard"
    static let longestInput = 96 << 10
    static let dictionary = [
        "BEGIN:VCARD\r\n", "END:VCARD\r\n", "VERSION:2.1\r\n", "VERSION:3.0\n", "VERSION:4.0\r\n", "N:", "FN:", "TEL;", "EMAIL;", "ADR;",
        "ORG:",
        ";TYPE=", ";PREF", ";PREF=1", ";CHARSET=UTF-8", ";CHARSET=ISO-8859-1", ";ENCODING=QUOTED-PRINTABLE:", ";ENCODING=BASE64:",
        ";ENCODING=b:",
        "=C3=91", "=\r\n", "=0D=0A", "\r\n ", "\n\t", "item1.", "X-ABLabel:_$!<Home>!$_", "AGENT:\r\nBEGIN:VCARD\r\n", "\\n", "\\,", "\\;",
        "\\\\",
        ";VALUE=uri:tel:+1;ext=2", "/9j/4AAQ", "==", "\"a,b\"", "^n", "^'", "--0203", "BDAY:19800322", ":", ";", ",", ".", "\u{FEFF}", "Ñ",
    ]

    func run(_ input: [UInt8]) -> Outcome {
        let whole = read(input, piece: .max)
        let pieces = read(input, piece: 1 + input.count % 37)
        var finding: String?
        if whole != pieces { finding = "pieces of \(1 + input.count % 37) bytes read differently than the whole" }
        let tight = read(input, limits: VCardLimits(cardBytes: 200, properties: 3), piece: .max)
        if tight.cards.contains(where: { $0.properties.count > 3 }) { finding = "a card of more properties than are allowed" }
        for version in VCard.Version.allCases where finding == nil && !whole.cards.isEmpty { finding = writeAndRead(whole.cards, version) }
        return Outcome("\(whole.shape) | \(tight.shape)", finding: finding)
    }

    private struct Reading: Equatable {
        var cards: [VCard] = []
        var errors: [String] = []

        var shape: String {
            let names = Set(cards.flatMap(\.properties).map { $0.name.prefix(4) }).sorted().prefix(6)
            return "\(min(cards.count, 3)) \(Set(cards.map(\.version.rawValue)).sorted()) \(names) \(errors.first?.withoutDetails ?? "")"
        }
    }

    private func read(_ input: [UInt8], limits: VCardLimits = VCardLimits(), piece: Int) -> Reading {
        var reader = VCardReader(limits: limits)
        var reading = Reading()
        var start = 0
        do throws(VCardError) {
            while start < input.count {
                let end = piece < input.count - start ? start + piece : input.count
                reader.append(input[start..<end])
                start = end
                while let item = try reader.next() { note(item, &reading) }
            }
            reader.finish()
            while let item = try reader.next() { note(item, &reading) }
        } catch {
            reading.errors.append(error.description)
        }
        return reading
    }

    private func note(_ item: VCardReader.Item, _ reading: inout Reading) {
        switch item.card {
        case .success(let card): reading.cards.append(card)
        case .failure(let error): reading.errors.append(error.description)
        }
    }

    /// What the writer makes of a card is a card again, with as many properties.
    private func writeAndRead(_ cards: [VCard], _ version: VCard.Version) -> String? {
        var writer = VCardWriter(version: version)
        for card in cards { writer.card(card) }
        let again = read(writer.take(), piece: .max)
        guard again.errors.isEmpty else { return "what was written as \(version.rawValue) can't be read: \(again.errors[0])" }
        guard again.cards.count == cards.count else { return "\(cards.count) cards became \(again.cards.count) in \(version.rawValue)" }
        for (first, second) in zip(cards, again.cards) where first.properties.map(\.name) != second.properties.map(\.name) {
            return "properties differ after being written as \(version.rawValue) and read again"
        }
        return nil
    }
}
