/// A form that a text must have: a regular expression for the JSON Schema and the reference, and the check that the decoder does.
enum WordFormat: String, Sendable, CaseIterable {
    /// A key: `[a-z][a-z0-9_]*`, at most 40 characters.
    case key
    /// The key of a field that is declared.
    case fieldKey = "field_key"
    /// The key of a column that links have.
    case linkColumnKey = "link_column_key"
    /// What the records that link here are called.
    case inverseKey = "inverse_key"
    /// The name of a collection.
    case collectionKey = "collection_key"
    /// A module's id: keys joined by dots, at most 40 characters together.
    case moduleID = "module_id"
    /// The id of the module that is declared.
    case ownModuleID = "own_module_id"
    /// A record type: its key, or `module.key`.
    case typeReference = "type_reference"
    /// A handler of a module's code: its name, or `module.name`.
    case handlerReference = "handler_reference"
    /// Topics of events: `contacts.person.*`
    case topicPattern = "topic_pattern"
    /// A field, possibly over links: `organisation/name`.
    case fieldPath = "field_path"
    /// The name of a deployment: like a key, with `-` allowed.
    case deploymentName = "deployment_name"
    /// SemVer 2.0.0.
    case semanticVersion = "version"
    /// Versions that will do.
    case versionRange = "version_range"
    /// ISO 4217.
    case currency
    /// IANA time zone.
    case timeZone = "time_zone"
    /// BCP 47.
    case language
    /// A regular expression.
    case textPattern = "pattern"
    /// `P-{yyyy}-{0000}`
    case autoNumber = "auto_number_pattern"
    /// A day.
    case date
    /// A day, or `today`.
    case dateDefault = "date_default"
    /// A moment.
    case dateTime = "date_time"
    /// A moment, or `now`.
    case dateTimeDefault = "date_time_default"
    /// A length of time.
    case duration
    /// A property of a vCard.
    case vCardPlace = "vcard_place"
    /// A library's name.
    case libraryName = "library_name"
    /// An environment variable.
    case environmentName = "environment_name"
    /// A digest.
    case sha256
    /// A web address as a default.
    case webAddress = "web_address"
    /// A rate of requests: `600/60`.
    case rate
    /// The id of a principal.
    case principal
}

extension WordFormat {
    /// Words that YAML readers may take for something else than text.
    private static let notYAMLWords = "(?!(?:true|false|null)$)"
    private static let keyExpression = "[a-z][a-z0-9_]{0,39}"
    private static let versionNumber = "(?:0|[1-9][0-9]{0,8})"
    private static let prereleasePart = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    private static let versionExpression =
        "\(versionNumber)(?:\\.\(versionNumber)){2}(?:-\(prereleasePart)(?:\\.\(prereleasePart))*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?"
    private static let openVersion =
        "\(versionNumber)(?:\\.\(versionNumber)\\.[xX*]|\\.\(versionNumber)|(?:\\.[xX*]){1,2})?"
    private static let comparisonExpression =
        "(?:=?(?:\(versionExpression)|\(openVersion)|[xX*](?:\\.[xX*]){0,2})|[\\^~](?:\(versionExpression)|\(openVersion))"
        + "|[<>]=?(?:\(versionExpression)|\(versionNumber)(?:\\.\(versionNumber))?))"
    private static let comparisonsExpression = "\(comparisonExpression)(?: +\(comparisonExpression))* *"
    private static let datePartsExpression = "(?:\\{(?:yyyy|yy|mm)\\}[^{}\\n]*)*"
    private static let dateExpression = "(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    private static let dateTimeExpression =
        dateExpression + "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

    /// The form as an ECMAScript regular expression over the whole text. It may accept a little more than the decoder, where a regular
    /// expression can't tell (the 30th of February).
    var expression: String {
        switch self {
        case .key, .fieldKey, .linkColumnKey, .inverseKey, .collectionKey: "^\(Self.notYAMLWords)\(Self.keyExpression)$"
        case .moduleID: "^\(Self.notYAMLWords)(?=.{1,40}$)[a-z][a-z0-9_]*(?:\\.[a-z][a-z0-9_]*)*$"
        case .ownModuleID: "^(?!pg_)" + Self.moduleID.expression.dropFirst()
        case .typeReference, .handlerReference: "^\(Self.notYAMLWords)(?=.{1,81}$)\(Self.keyExpression)(?:\\.\(Self.keyExpression))*$"
        case .topicPattern: "^(?=.{1,200}$)[a-z*][a-z0-9_.*]*$"
        case .fieldPath: "^\(Self.notYAMLWords)\(Self.keyExpression)(?:/\(Self.keyExpression)){0,3}$"
        case .deploymentName: "^\(Self.notYAMLWords)[a-z][a-z0-9_-]{0,39}$"
        case .semanticVersion: "^(?=.{1,100}$)\(Self.versionExpression)$"
        case .versionRange: "^(?=.{1,200}$) *\(Self.comparisonsExpression)(?:\\|\\| *\(Self.comparisonsExpression))*$"
        case .currency: "^(?:\(CurrencyCode.all.joined(separator: "|")))$"
        case .timeZone: "^(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}$"
        case .language: "^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}$"
        case .textPattern: "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]{1,500}$"
        case .autoNumber:
            "^(?=.{1,60}$)(?:(?=.*\\{yy)|(?!.*\\{mm\\}))[^{}\\n]*\(Self.datePartsExpression)\\{0{1,18}\\}[^{}\\n]*\(Self.datePartsExpression)$"
        case .date: "^\(Self.dateExpression)$"
        case .dateDefault: "^(?:today|\(Self.dateExpression))$"
        case .dateTime: "^\(Self.dateTimeExpression)$"
        case .dateTimeDefault: "^(?:now|\(Self.dateTimeExpression))$"
        case .duration: "^-?P(?=.)(?:[0-9]{1,7}D)?(?:T(?=.)(?:[0-9]{1,7}H)?(?:[0-9]{1,7}M)?(?:[0-9]{1,7}(?:\\.[0-9]{1,6})?S)?)?$"
        case .vCardPlace: "^[a-z][a-z0-9-]{0,39}(?:/[a-z]{1,20})?(?:;[a-z]{1,20})?$"
        case .libraryName: "^[A-Za-z][A-Za-z0-9_]{0,62}$"
        case .environmentName: "^[A-Za-z_][A-Za-z0-9_]{0,99}$"
        case .sha256: "^[0-9a-f]{64}$"
        case .webAddress: "^https?://[^\\s]{1,9990}$"
        case .rate:
            "^(?:[1-9][0-9]{0,5}|1000000)/(?:[1-9][0-9]{0,3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)$"
        case .principal: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
        }
    }

    /// Whether a value of this form can look like a number to YAML readers.
    var looksLikeNumber: Bool { self == .versionRange || self == .textPattern }

    /// Whether a value of this form can look like true or false to YAML readers.
    var looksLikeBoolean: Bool {
        switch self {
        case .topicPattern, .timeZone, .textPattern, .vCardPlace, .libraryName, .environmentName: true
        default: false
        }
    }

    /// The form that people know it by: what is declared looks as what refers to it.
    var base: WordFormat {
        switch self {
        case .fieldKey, .linkColumnKey, .inverseKey, .collectionKey: .key
        case .ownModuleID: .moduleID
        default: self
        }
    }

    /// Texts of the form that are taken, which the checks of declarations refuse.
    var reserved: [String] {
        switch self {
        case .fieldKey: Names.systemFields + Names.recordActions + Names.expressionWords
        case .linkColumnKey: Names.linkFields + Names.expressionWords
        case .inverseKey: Names.systemFields + Names.expressionWords
        case .collectionKey: Names.reservedCollections
        case .ownModuleID: Names.reservedModules
        default: []
        }
    }

    /// What is asked for, after "must be".
    var expectation: String {
        switch self {
        case .key, .fieldKey, .linkColumnKey, .inverseKey, .collectionKey:
            "a key: a small letter, then small letters, digits and '_', at most 40 characters"
        case .moduleID, .ownModuleID: "a module id: small letters, digits and '_', with dots between names, at most 40 characters"
        case .typeReference: "a record type: its key, or module.key"
        case .handlerReference: "a handler of a module's code: its name, or module.name"
        case .topicPattern: "topics such as contacts.person.updated, with * for what may vary"
        case .fieldPath: "a field, or a path of fields joined by '/', at most four"
        case .deploymentName: "a name: a small letter, then small letters, digits, '-' and '_', at most 40 characters"
        case .semanticVersion: "a version of three numbers such as \"1.4.0\""
        case .versionRange: "a range of versions such as \">=0.1 <1.0\", \"^1.2\" or \"1.x\""
        case .currency: "a currency code of three capital letters (ISO 4217) such as EUR"
        case .timeZone: "an IANA time zone such as Europe/Oslo or UTC"
        case .language: "a language tag (BCP 47) such as en or nb-NO"
        case .textPattern: "a regular expression of at most 500 characters"
        case .autoNumber: "a number pattern such as P-{yyyy}-{0000}"
        case .date: "a day such as 2026-02-28"
        case .dateDefault: "a day such as 2026-02-28, or today"
        case .dateTime: "a moment with its offset such as 2026-02-28T09:30:00Z"
        case .dateTimeDefault: "a moment with its offset such as 2026-02-28T09:30:00Z, or now"
        case .duration: "a length of time such as PT30S or P1DT12H"
        case .vCardPlace: "a property of vCards such as bday, n/family or adr;work"
        case .libraryName: "the name of a library: letters, digits and '_'"
        case .environmentName: "the name of an environment variable"
        case .sha256: "a SHA-256 digest: 64 hexadecimal digits in lower case"
        case .webAddress: "a web address such as https://example.com"
        case .rate: "requests/seconds such as 600/60: up to 1000000 requests, up to 86400 seconds"
        case .principal: "the id of a principal in lower case, as `tessera token list` shows it"
        }
    }

    /// Why a text doesn't have the form, beyond ``expectation``; nil when it does.
    func flaw(in text: String) -> String? {
        switch self {
        case .textPattern:
            do throws(TextPattern.Flaw) {
                _ = try TextPattern(text)
                return text.isEmpty || text.contains("\n") ? "must be \(expectation)" : nil
            } catch {
                return "the pattern \(error.description) (character \(error.offset + 1))"
            }
        case .autoNumber:
            do throws(AutoNumberPattern.Flaw) {
                _ = try AutoNumberPattern(text)
                return nil
            } catch {
                return "the pattern \(error.description)"
            }
        case .webAddress: return isValid(text) ? nil : "must be \(expectation)"
        default: return isValid(text) ? nil : "must be \(expectation), not '\(YAMLNode.shortened(text))'"
        }
    }

    private func isValid(_ text: String) -> Bool {
        switch self {
        case .key, .fieldKey, .linkColumnKey, .inverseKey, .collectionKey: Names.isKey(text)
        case .moduleID, .ownModuleID: Names.isModuleID(text)
        case .typeReference, .handlerReference: Names.isTypeReference(text)
        case .topicPattern: Names.isTopicPattern(text)
        case .fieldPath: Names.isFieldPath(text)
        case .deploymentName: Names.isDeploymentName(text)
        case .semanticVersion: SemanticVersion(text) != nil
        case .versionRange: VersionRange(text) != nil
        case .currency: CurrencyCode.isKnown(text)
        case .timeZone: Names.isTimeZone(text)
        case .language: Names.isLanguage(text)
        case .textPattern, .autoNumber: true
        case .date: DateLiteral(text) != nil
        case .dateDefault: text == "today" || DateLiteral(text) != nil
        case .dateTime: DateTimeLiteral(text) != nil
        case .dateTimeDefault: text == "now" || DateTimeLiteral(text) != nil
        case .duration: DurationLiteral(text) != nil
        case .vCardPlace: Names.isVCardPlace(text)
        case .libraryName: text.utf8.count <= 63 && Names.isIdentifier(text, first: Names.isLetter)
        case .environmentName: text.utf8.count <= 100 && Names.isIdentifier(text) { Names.isLetter($0) || $0 == UInt8(ascii: "_") }
        case .sha256:
            text.utf8.count == 64 && text.utf8.allSatisfy(Names.isHexadecimal)
        case .webAddress: ValueCheck.isURL(text)
        case .rate: RequestRate(text) != nil
        case .principal: Names.isUUID(text)
        }
    }
}
