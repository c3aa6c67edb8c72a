/// Reads one file into a tree of located values, refusing the parts of YAML that surprise.
///
/// One document in UTF-8, at most 256 KiB, 16 levels and 20,000 values; no anchors, aliases, tags, directives, merge keys, duplicate keys
/// or control characters. A scalar stays text: what it means is for the language's description to say, so that `no`, `1.10` and `0x1f`
/// never surprise.
struct YAMLDocument {
    static let maxDepth = 16
    static let maxValues = 20_000
    static let maxKeyLength = 128

    /// The root, unless the text is not YAML at all.
    let root: YAMLNode?
    let diagnostics: [Diagnostic]

    init(_ source: ManifestSource) {
        var reader = YAMLDocumentReader(source)
        root = reader.read()
        diagnostics = reader.diagnostics
    }
}

private struct YAMLDocumentReader {
    /// Ends the reading: what comes after a finding of this kind can't be trusted.
    struct Stop: Error {}

    private let source: ManifestSource
    private(set) var diagnostics: [Diagnostic] = []
    private var valueCount = 0

    init(_ source: ManifestSource) { self.source = source }

    mutating func read() -> YAMLNode? {
        guard source.bytes.count <= ManifestSource.maxBytes else {
            report(.tooLarge, source.start, "the file has \(source.bytes.count) bytes; at most \(ManifestSource.maxBytes) are allowed")
            return nil
        }
        guard isUTF8() else { return nil }
        let bytes = source.bytes
        return bytes.withUnsafeBufferPointer { buffer in
            guard var stream = YAMLEventStream(buffer) else {
                report(.unreadable, source.start, "there is not enough memory to read the file")
                return nil
            }
            return document(&stream)
        }
    }

    // MARK: Findings

    private mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message))
    }

    private func location(_ mark: YAMLMark, _ keyPath: String) -> SourceLocation {
        SourceLocation(file: source.path, line: mark.line, column: mark.column, keyPath: keyPath)
    }

    private mutating func isUTF8() -> Bool {
        guard String(validating: source.bytes, as: UTF8.self) == nil else { return true }
        var line = 1
        var column = 1
        var decoder = UTF8()
        var bytes = source.bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&bytes) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        report(
            .syntax, SourceLocation(file: source.path, line: line, column: column), "the file is not UTF-8 from here on; save it as UTF-8")
        return false
    }

    // MARK: Reading

    private mutating func document(_ stream: inout YAMLEventStream) -> YAMLNode? {
        var root: YAMLNode?
        do {
            while true {
                let event = try stream.next()
                switch event.kind {
                case .streamEnd:
                    if root == nil { report(.syntax, source.start, "the file is empty") }
                    return root
                case .documentStart(let hasDirectives):
                    if root != nil {
                        report(.forbiddenYAML, location(event.start, ""), "a second document begins; a file holds one")
                        return root
                    }
                    if hasDirectives { report(.forbiddenYAML, location(event.start, ""), "directives (%YAML, %TAG) are not allowed") }
                    root = try value(try stream.next(), &stream, keyPath: "", depth: 1)
                default: continue
                }
            }
        } catch let error as YAMLSyntaxError {
            report(.syntax, location(error.mark, ""), error.message)
        } catch {
            // The reason is among the findings already.
        }
        return nil
    }

    private mutating func value(
        _ event: YAMLEvent, _ stream: inout YAMLEventStream, keyPath: String, depth: Int
    ) throws -> YAMLNode {
        let place = location(event.start, keyPath)
        valueCount += 1
        guard valueCount <= YAMLDocument.maxValues else {
            report(.tooLarge, place, "the file has more than \(YAMLDocument.maxValues) values")
            throw Stop()
        }
        if event.hasAnchor { report(.forbiddenYAML, place, "anchors (&name) are not allowed; write the value where it is needed") }
        if event.hasTag { report(.forbiddenYAML, place, "tags (!name) are not allowed; the key decides the type of its value") }
        switch event.kind {
        case .scalar(let text, let style): return scalar(text, style, event, place)
        case .alias:
            report(.forbiddenYAML, place, "aliases (*name) are not allowed; write the value out")
            return YAMLNode(content: .broken, location: place)
        case .sequenceStart:
            if depth > YAMLDocument.maxDepth { return try tooDeep(&stream, place) }
            return YAMLNode(content: .sequence(try items(&stream, keyPath, depth)), location: place)
        case .mappingStart:
            if depth > YAMLDocument.maxDepth { return try tooDeep(&stream, place) }
            let (entries, isOpen) = try entries(&stream, keyPath, depth)
            return YAMLNode(content: .mapping(entries), location: place, isOpen: isOpen)
        default: throw Stop()
        }
    }

    /// Passes over what lies too deep, so that the rest of the file is looked at all the same.
    private mutating func tooDeep(_ stream: inout YAMLEventStream, _ place: SourceLocation) throws -> YAMLNode {
        report(.tooLarge, place, "nested deeper than \(YAMLDocument.maxDepth) levels")
        var depth = 1
        while depth > 0 {
            switch try stream.next().kind {
            case .sequenceStart, .mappingStart: depth += 1
            case .sequenceEnd, .mappingEnd: depth -= 1
            case .streamEnd: throw Stop()
            default: continue
            }
        }
        return YAMLNode(content: .broken, location: place)
    }

    private mutating func scalar(_ text: String, _ style: YAMLScalarStyle, _ event: YAMLEvent, _ place: SourceLocation) -> YAMLNode {
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }) {
            report(.invalidValue, place, "control characters are not allowed")
            return YAMLNode(content: .broken, location: place)
        }
        let offset = style == .quoted ? 1 : 0
        let width = event.end.column - event.start.column - 2 * offset
        let isVerbatim = style != .block && event.start.line == event.end.line && width == text.unicodeScalars.count
        let scalar = YAMLNode.Scalar(text: ScalarText(text, isPlain: style == .plain), contentOffset: offset, isVerbatim: isVerbatim)
        return YAMLNode(content: .scalar(scalar), location: place)
    }

    private mutating func items(_ stream: inout YAMLEventStream, _ keyPath: String, _ depth: Int) throws -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try stream.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try value(event, &stream, keyPath: "\(keyPath)[\(items.count)]", depth: depth + 1))
        }
    }

    /// The entries of a mapping, and whether a merge key or one that can't be read leaves open what others there are.
    private mutating func entries(
        _ stream: inout YAMLEventStream, _ keyPath: String, _ depth: Int
    ) throws -> (entries: [YAMLNode.Entry], isOpen: Bool) {
        var entries: [YAMLNode.Entry] = []
        var isOpen = false
        var lines: [String: Int] = [:]
        while true {
            let event = try stream.next()
            if case .mappingEnd = event.kind { return (entries, isOpen) }
            let keyNode = try value(event, &stream, keyPath: keyPath, depth: depth + 1)
            if keyNode.isMergeKey {
                report(.forbiddenYAML, keyNode.location, "merge keys (<<) are not allowed; write the keys out")
            }
            let key = keyNode.isMergeKey ? nil : try self.key(keyNode, keyPath)
            if key == nil { isOpen = true }
            let path = key?.location.keyPath ?? keyPath
            let value = try value(try stream.next(), &stream, keyPath: path, depth: depth + 1)
            guard let key else { continue }
            if let line = lines[key.value] {
                report(.duplicateKey, key.location, "the key stands on line \(line) already")
                continue
            }
            lines[key.value] = key.location.line
            entries.append(YAMLNode.Entry(key: key, value: value))
        }
    }

    /// The text of a key; nil when it is unusable, which is then reported.
    private mutating func key(_ node: YAMLNode, _ keyPath: String) throws -> Located<String>? {
        switch node.content {
        case .broken: return nil
        case .sequence, .mapping:
            report(.wrongType, node.location, "a key must be a word, not \(node.kindName)")
            return nil
        case .scalar(let scalar):
            let text = scalar.text.text
            guard text.unicodeScalars.count <= YAMLDocument.maxKeyLength else {
                report(
                    .tooLarge, node.location, "the key '\(YAMLNode.shortened(text))' is longer than \(YAMLDocument.maxKeyLength) characters"
                )
                return nil
            }
            let shown = YAMLNode.shortened(text)
            let path = keyPath.isEmpty ? shown : "\(keyPath).\(shown)"
            return Located(
                text, at: SourceLocation(file: source.path, line: node.location.line, column: node.location.column, keyPath: path))
        }
    }
}
