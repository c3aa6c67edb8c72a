import CLibYAML

/// One step of libyaml through a document.
struct YAMLEvent {
    enum Kind {
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case scalar(String, YAMLScalarStyle)
        case alias
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        case streamEnd
    }

    let kind: Kind
    let start: YAMLMark
    let end: YAMLMark
    let hasAnchor: Bool
    let hasTag: Bool
}

/// How a scalar was written.
enum YAMLScalarStyle {
    case plain, quoted, block
}

/// A place in a document; line and column from 1, the column in characters.
struct YAMLMark {
    let line: Int
    let column: Int
}

/// What libyaml refuses, and where.
struct YAMLSyntaxError: Error {
    let message: String
    let mark: YAMLMark
}

/// libyaml's events over the bytes of one file.
struct YAMLEventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// SAFETY: libyaml keeps the address of its parser and of the input, so the parser lives on the heap and the caller keeps `bytes`
    /// alive and unchanged as long as the stream.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            return nil
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event. After an error or the end of the stream there is none.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw error() }
            // SAFETY: libyaml filled the event, which owns its texts until deleted; they are copied before.
            defer { yaml_event_delete(&event) }
            if let event = Self.convert(event) { return event }
        }
    }

    private static func convert(_ event: yaml_event_t) -> YAMLEvent? {
        let kind: YAMLEvent.Kind
        var hasAnchor = false
        var hasTag = false
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            let document = event.data.document_start
            kind = .documentStart(
                hasDirectives: document.version_directive != nil || document.tag_directives.start != document.tag_directives.end)
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            hasAnchor = scalar.anchor != nil
            hasTag = scalar.tag != nil
            kind = .scalar(text(of: scalar), style(of: scalar.style))
        case YAML_ALIAS_EVENT: kind = .alias
        case YAML_SEQUENCE_START_EVENT:
            hasAnchor = event.data.sequence_start.anchor != nil
            hasTag = event.data.sequence_start.tag != nil
            kind = .sequenceStart
        case YAML_MAPPING_START_EVENT:
            hasAnchor = event.data.mapping_start.anchor != nil
            hasTag = event.data.mapping_start.tag != nil
            kind = .mappingStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: kind = .streamEnd
        default: return nil
        }
        return YAMLEvent(kind: kind, start: mark(event.start_mark), end: mark(event.end_mark), hasAnchor: hasAnchor, hasTag: hasTag)
    }

    private static func text(of scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar) -> String {
        // SAFETY: value and length are libyaml's and live as long as the event.
        String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    }

    private static func style(of style: yaml_scalar_style_t) -> YAMLScalarStyle {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }

    private func error() -> YAMLSyntaxError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "no reason given"
        // Errors of the reader (bytes that are no characters) carry an offset only; the caller has checked UTF-8, so what is left are
        // control characters, and the scanner stands close before them.
        let isReader = state.error == YAML_READER_ERROR
        // Where the value, list or mapping begins that the problem is in.
        let beginning = state.context == nil ? nil : Self.mark(state.context_mark).line
        return YAMLSyntaxError(
            message: Self.advice(problem, beginning), mark: Self.mark(isReader ? state.mark : state.problem_mark))
    }

    /// What libyaml's sentence means for who wrote the file, and what usually helps.
    private static func advice(_ problem: String, _ beginning: Int?) -> String {
        let since = beginning.map { " that begins on line \($0)" } ?? ""
        return switch problem {
        case "mapping values are not allowed in this context":
            "unexpected ': '; put a text that contains it in quotes, or check the indentation"
        case "found character that cannot start any token", "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            "unexpected character; indent with spaces, not tabs, and quote texts that begin with @, ` or %"
        case "did not find expected key": "expected a key here; check indentation and quotes"
        case "control characters are not allowed": problem
        case "could not find expected ':'": "expected ':' after the key before this place"
        case "did not find expected ',' or '}'": "expected ',' or '}', to go on in the mapping\(since) or to close it"
        case "did not find expected ',' or ']'": "expected ',' or ']', to go on in the list\(since) or to close it"
        case "did not find expected node content": "expected a value here; close the [ or { before it, or write the value"
        case "did not find expected '-' indicator": "expected '- ' and another entry of the list\(since); check the indentation"
        case "did not find expected <document start>":
            "what begins here belongs to nothing before it; a file is one mapping: check indentation and quotes"
        case "found unexpected end of stream", "found unexpected document indicator": "the text in quotes\(since) is not closed"
        case "found unknown escape character", "did not find expected hexdecimal number", "found invalid Unicode character escape code":
            "no escape that is known; write \\\\ for a backslash in double quotes, or put the text in single ones"
        case "block sequence entries are not allowed in this context": "no list can begin here; put '- ' on a line of its own below the key"
        case "mapping keys are not allowed in this context":
            "no key can stand here; check the indentation, and quote a text that begins with '? '"
        case "did not find expected alphabetic or numeric character":
            "anchors (&name) and aliases (*name) are not allowed; quote a text that begins so"
        case "did not find expected comment or line break", "found an indentation indicator equal to 0":
            "a text that begins with | or > stands on the lines below, indented; else put it in quotes"
        case "did not find expected whitespace or line break", "did not find expected '!'", "did not find the expected '>'",
            "did not find expected tag URI", "did not find URI escaped octet", "found undefined tag handle":
            "tags (!name) are not allowed; quote a text that begins with !"
        case "found unknown directive name", "found duplicate %YAML directive", "found duplicate %TAG directive",
            "found incompatible YAML document", "could not find expected directive name", "did not find expected version number",
            "did not find expected digit or '.' character", "found unexpected non-alphabetical character":
            "directives (%YAML, %TAG) are not allowed; quote a text that begins with %"
        default: "this is no YAML; check indentation, brackets and quotes (\(problem))"
        }
    }
}
