import CLibExpat

/// What an XML document tells as it is read. Names come without their namespace's prefix.
protocol XMLEventHandler: AnyObject {
    func start(_ element: String, _ attributes: [String: String])
    func text(_ bytes: UnsafeBufferPointer<UInt8>)
    func end(_ element: String)
    /// A reason not to read on.
    var failure: XLSXError? { get }
}

/// Reads XML piece by piece through expat. Document types are refused, so that no entity can grow.
final class XMLEvents {
    private let parser: XML_Parser
    private let handler: any XMLEventHandler
    private let name: String
    private var hasDoctype = false

    init(part name: String, handler: any XMLEventHandler) {
        self.name = name
        self.handler = handler
        parser = XML_ParserCreate(nil)
        // SAFETY: this object outlives its parser, which is freed in deinit, so that the pointer is valid in every callback.
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser, { data, element, attributes in XMLEvents.from(data)?.start(element, attributes) },
            { data, element in XMLEvents.from(data)?.end(element) })
        XML_SetCharacterDataHandler(parser) { data, text, length in XMLEvents.from(data)?.text(text, length) }
        XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in XMLEvents.from(data)?.refuseDoctype() }
    }

    deinit { XML_ParserFree(parser) }

    /// Reads the next piece; an empty one is the end.
    func read(_ piece: [UInt8]) throws(XLSXError) {
        // SAFETY: the bytes are read within the call only.
        let status = piece.withUnsafeBytes { bytes in
            XML_Parse(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count), piece.isEmpty ? 1 : 0)
        }
        if hasDoctype { throw XLSXError("\(name) has a document type, which no workbook has") }
        if let failure = handler.failure { throw failure }
        guard status == XML_STATUS_ERROR else { return }
        let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "damaged"
        throw XLSXError("\(name) is no XML: \(reason), line \(XML_GetCurrentLineNumber(parser))")
    }

    /// Reads a whole part.
    static func read(_ part: ZipPart, _ handler: any XMLEventHandler) throws(XLSXError) {
        let events = XMLEvents(part: part.name, handler: handler)
        while true {
            let piece = try part.read()
            try events.read(piece)
            if piece.isEmpty { return }
        }
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> XMLEvents? {
        // SAFETY: see init; the pointer is the one that was set there.
        data.map { Unmanaged<XMLEvents>.fromOpaque($0).takeUnretainedValue() }
    }

    private func start(_ element: UnsafePointer<CChar>?, _ list: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard let element, handler.failure == nil else { return stop() }
        var attributes: [String: String] = [:]
        var index = 0
        // SAFETY: expat ends the list of names and values by a null pointer.
        while let list, let key = list[index], let value = list[index + 1] {
            attributes[Self.local(key)] = String(cString: value)
            index += 2
        }
        handler.start(Self.local(element), attributes)
        if handler.failure != nil { stop() }
    }

    private func end(_ element: UnsafePointer<CChar>?) {
        guard let element, handler.failure == nil else { return stop() }
        handler.end(Self.local(element))
        if handler.failure != nil { stop() }
    }

    private func text(_ text: UnsafePointer<CChar>?, _ length: Int32) {
        guard let text, length > 0, handler.failure == nil else { return }
        // SAFETY: expat gives that many bytes of UTF-8, valid within the callback.
        text.withMemoryRebound(to: UInt8.self, capacity: Int(length)) {
            handler.text(UnsafeBufferPointer(start: $0, count: Int(length)))
        }
        if handler.failure != nil { stop() }
    }

    private func refuseDoctype() {
        hasDoctype = true
        stop()
    }

    private func stop() { XML_StopParser(parser, 0) }

    private static func local(_ name: UnsafePointer<CChar>) -> String {
        let whole = String(cString: name)
        return whole.lastIndex(of: ":").map { String(whole[whole.index(after: $0)...]) } ?? whole
    }
}
