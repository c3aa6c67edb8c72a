import Testing

@testable import Transfer

@Suite("vCard reader")
struct VCardReaderTests {
    private static func read(_ text: String, pieces: Int = .max, limits: VCardLimits = VCardLimits()) throws -> [VCardReader.Item] {
        var reader = VCardReader(limits: limits)
        var items: [VCardReader.Item] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            reader.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let item = try reader.next() { items.append(item) }
        }
        reader.finish()
        while let item = try reader.next() { items.append(item) }
        return items
    }

    private static func card(_ body: String) throws -> VCard {
        let items = try read("BEGIN:VCARD\r\n\(body)\r\nEND:VCARD\r\n")
        try #require(items.count == 1)
        return try items[0].card.get()
    }

    @Test(
        "reads values whatever hides them",
        arguments: [
            ("NOTE:a\\nb\\, c\\; d\\\\e", "a\nb, c; d\\e"),
            ("NOTE:one line,\r\n  folded", "one line, folded"),
            ("NOTE:tab\r\n\tfold", "tabfold"),
            ("NOTE;ENCODING=QUOTED-PRINTABLE:J=C3=BCr=\r\ngen", "Jürgen"),
            ("NOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=FCrgen", "Jürgen"),
            ("NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab", "a\nb"),
            ("NOTE;ENCODING=QUOTED-PRINTABLE:1+1=2", "1+1=2"),
            ("note:small letters", "small letters"),
            ("NOTE;X-A=\"a:b;c\":value", "value"),
            ("NOTE:http\\://example.com", "http://example.com"),
            ("NOTE:C:\\dir", "C:\\dir"),
            ("NOTE:", ""),
        ])
    func values(line: String, text: String) throws {
        #expect(try Self.card(line).properties.map(\.text) == [text])
    }

    @Test("reads types of all versions")
    func types() throws {
        let lines = ["TEL;HOME;FAX:1", "TEL;TYPE=home,fax:1", "TEL;TYPE=\"home,fax\":1", "TEL;type=HOME;type=FAX;type=pref:1"]
        for line in lines { #expect(try Self.card(line).properties.first?.types == ["home", "fax"], "\(line)") }
        #expect(try Self.card("TEL;HOME;PREF:1").properties.first?.preference == 1)
        #expect(try Self.card("TEL;PREF=20:1").properties.first?.preference == 20)
        #expect(try Self.card("TEL:1").properties.first?.preference == nil)
    }

    @Test(
        "reads binary values of all versions",
        arguments: ["PHOTO;ENCODING=BASE64;JPEG:AAEC\r\n /w==", "PHOTO;ENCODING=b;TYPE=JPEG:AAEC/w==", "PHOTO;BASE64:\r\nAAEC\r\n/w==\r\n"])
    func binary(line: String) throws {
        #expect(try Self.card(line).properties.map(\.value) == [.binary([0, 1, 2, 255])])
    }

    @Test("reads groups, structured values and an agent's card within another")
    func structure() throws {
        let card = try Self.card("item1.ADR:;;a\\;b;c,d\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Agent\r\nEND:VCARD\r\nFN:Ada")
        #expect(card.properties.map(\.name) == ["ADR", "AGENT", "FN"])
        #expect(card.properties[0].group == "item1")
        #expect(card.properties[0].components == [[""], [""], ["a;b"], ["c", "d"]])
        #expect(card.properties[2].text == "Ada")
    }

    @Test("reads several cards, in pieces of any size alike")
    func pieces() throws {
        let text =
            "\u{FEFF}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n\r\nbegin:vcard\nVERSION:2.1\nFN:Bo\nend:vcard\rBEGIN:VCARD\rFN:C\rEND:VCARD"
        let whole = try Self.read(text)
        #expect(whole.map(\.line) == [1, 6, 10])
        #expect(try whole.map { try $0.card.get().version } == [.v3_0, .v2_1, .v3_0])
        for size in 1...20 {
            let items = try Self.read(text, pieces: size)
            #expect(try items.map { try $0.card.get() } == whole.map { try $0.card.get() }, "\(size)")
            #expect(items.map(\.source) == whole.map(\.source))
        }
    }

    @Test("takes a doubled carriage return for one line end")
    func doubledReturns() throws {
        let items = try Self.read("BEGIN:VCARD\r\r\nNOTE:a\r\r\n b\r\r\nEND:VCARD\r\r\n", pieces: 3)
        #expect(try items.map { try $0.card.get().properties.map(\.text) } == [["ab"]])
    }

    @Test("doesn't take a part of a value for the end of a card", arguments: VCard.Version.allCases)
    func hiddenEnds(version: VCard.Version) throws {
        for length in 0..<80 {
            let text = String(repeating: "ä", count: length % 40) + String(repeating: "x", count: length) + "END:VCARD " + "BEGIN:VCARD"
            var writer = VCardWriter(version: version)
            writer.card(
                VCard(properties: [VCard.Property(name: "NOTE", value: .text(text)), VCard.Property(name: "FN", value: .text("A"))]))
            let items = try Self.read(String(decoding: writer.take(), as: UTF8.self))
            #expect(try items.map { try $0.card.get().properties.map(\.text) } == [[text, "A"]])
        }
        #expect(try Self.card("NOTE:a\r\n END:VCARD").properties.map(\.text) == ["aEND:VCARD"])
    }

    @Test("reports a card that can't be read, and reads the next one")
    func badCard() throws {
        let items = try Self.read("BEGIN:VCARD\nno colon\nEND:VCARD\nBEGIN:VCARD\nFN:Ada\nEND:VCARD\nBEGIN:VCARD\nFN:Bo\n")
        #expect(items.map { try? $0.card.get().properties.count } == [nil, 1, nil])
        guard case .failure(let first) = items[0].card, case .failure(let last) = items[2].card else { return }
        #expect(first.description == "line 2: This is no property: write NAME:value, or begin a continued line with a blank.")
        #expect(last.description == "line 7: The card has no END:VCARD.")
    }

    @Test("ends at text outside of cards and beyond its limits")
    func refusals() throws {
        #expect(throws: VCardError.self) { try Self.read("FN:Ada\n") }
        #expect(throws: VCardError.self) { try Self.read("BEGIN:VCARD\nBEGIN\n :VCARD\nEND:VCARD\n").first?.card.get() }
        #expect(throws: VCardError.self) {
            try Self.read("BEGIN:VCARD\nNOTE:\(String(repeating: "x", count: 500))", limits: VCardLimits(cardBytes: 200))
        }
        let many = "BEGIN:VCARD\n" + String(repeating: "TEL:1\n", count: 4) + "END:VCARD\n"
        #expect(throws: VCardError.self) { try Self.read(many, limits: VCardLimits(properties: 3)).first?.card.get() }
    }

    @Test("reads what is written in each version", arguments: VCard.Version.allCases)
    func writing(version: VCard.Version) throws {
        let texts = [
            "plain", "Jürgen; a, b\\c", "two\nlines", String(repeating: "long ", count: 60), String(repeating: "漢", count: 90), "=", "",
        ]
        let card = VCard(
            version: version,
            properties: texts.map { VCard.Property(name: "NOTE", value: .text(VCardText.escaped($0))) } + [
                VCard.Property(group: "item1", name: "TEL", parameters: [VCard.Parameter("TYPE", ["home", "pref"])], value: .text("1")),
                VCard.Property(name: "X-A", parameters: [VCard.Parameter("X-B", ["a:b", "c\"d"])], value: .text("v")),
            ])
        var writer = VCardWriter(version: version)
        writer.card(card)
        let bytes = writer.take()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") where version != .v2_1 {
            #expect(line.utf8.count <= 75)
        }
        let items = try Self.read(String(decoding: bytes, as: UTF8.self))
        let read = try #require(try items.first?.card.get())
        #expect(read.version == version)
        #expect(read.properties.prefix(texts.count).map(\.text) == texts)
        #expect(read.properties[texts.count].types == ["home"])
        #expect(read.properties[texts.count].group == "item1")
        #expect(read.properties[texts.count + 1].values(of: "X-B") == ["a:b", "c\"d"])
    }

    @Test(
        "dates are read in all their forms",
        arguments: [
            ("19800322", "1980-03-22"), ("1980-03-22", "1980-03-22"), ("--0203", "1604-02-03"), ("--02-03", "1604-02-03"),
            ("20090808T1430-0500", "2009-08-08"), ("1604-05-06", "1604-05-06"), ("1980", nil), ("yesterday", nil), ("19801322", nil),
        ] as [(String, String?)])
    func dates(text: String, date: String?) {
        #expect(VCardDate.date(text).map { "\($0)" } == date)
    }
}
