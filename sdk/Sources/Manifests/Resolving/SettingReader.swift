/// Gives the settings of a deployment the types that a module's manifest declares.
struct SettingReader {
    /// The folder of the deployment file.
    let folder: String
    let module: ModuleManifest
    /// Whether the module's manifest is free of errors, so that a setting that isn't there isn't just broken.
    let isIntact: Bool
    private(set) var diagnostics: [Diagnostic] = []

    init(folder: String, module: ModuleManifest, isIntact: Bool) {
        self.folder = folder
        self.module = module
        self.isIntact = isIntact
    }

    private mutating func report(_ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: .setting, location: location, message: message, suggestion: suggestion))
    }

    mutating func read(_ inputs: [SettingInput], at place: SourceLocation) -> [String: SettingValue] {
        var values: [String: SettingValue] = [:]
        for setting in module.settings { values[setting.key] = setting.defaultValue }
        for input in inputs {
            guard let setting = module.settings.first(where: { $0.key == input.key.value }) else {
                if isIntact {
                    report(
                        input.key.location, "the module '\(module.id.value)' has no setting '\(input.key.value)'",
                        suggestion: Names.nearest(to: input.key.value, among: module.settings.map(\.key)))
                }
                continue
            }
            if let value = value(input.value, setting) { values[setting.key] = value }
        }
        for setting in module.settings where setting.isRequired && !inputs.contains(where: { $0.key.value == setting.key }) {
            report(place, "the module '\(module.id.value)' needs the setting '\(setting.key)'")
        }
        return values
    }

    private mutating func value(_ input: Located<SettingInput.Value>, _ setting: SettingDeclaration) -> SettingValue? {
        switch (input.value, setting.kind) {
        case (.environment(let name), .secret): return .secret(.environment(name))
        case (.file(let path), .secret): return .secret(.file(Path.join(folder, path)))
        case (.scalar, .secret):
            report(input.location, "a secret never stands in a file; write { env: NAME } or { file: PATH }")
            return nil
        case (.environment, _), (.file, _):
            report(input.location, "only secrets come from the environment or a file; write the value")
            return nil
        case (.scalar(let scalar), let kind): return value(scalar, kind, input.location)
        }
    }

    private mutating func value(_ scalar: ScalarText, _ kind: SettingKind, _ location: SourceLocation) -> SettingValue? {
        let node = YAMLNode(content: .scalar(YAMLNode.Scalar(text: scalar, contentOffset: 0, isVerbatim: false)), location: location)
        var checker = ShapeChecker()
        guard let checked = checker.check(node, Self.shape(of: kind)), let value = Self.value(checked, kind) else {
            for finding in checker.diagnostics { report(finding.location, finding.message, suggestion: finding.suggestion) }
            return nil
        }
        if let flaw = ValueCheck.flaw(in: value, of: kind) {
            report(location, flaw.message, suggestion: flaw.suggestion)
            return nil
        }
        return value
    }

    private static func shape(of kind: SettingKind) -> ValueShape {
        switch kind {
        case .text, .secret: .text(.content)
        case .integer: .integer(.min ... .max)
        case .decimal: .decimal
        case .boolean: .boolean
        case .duration: .word(.duration)
        case .choice: .word(.key)
        }
    }

    private static func value(_ checked: CheckedValue, _ kind: SettingKind) -> SettingValue? {
        switch (checked, kind) {
        case (.text(let text), .text): .text(text.text)
        case (.integer(let number), .integer): .integer(number)
        case (.decimal(let number), .decimal): .decimal(number)
        case (.boolean(let flag), .boolean): .boolean(flag)
        case (.text(let text), .duration): DurationLiteral(text.text).map { .duration($0) }
        case (.text(let text), .choice): .choice(text.text)
        default: nil
        }
    }
}
