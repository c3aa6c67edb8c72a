/// Why modules can't be loaded: every finding of every module at once.
package struct ModuleHostError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as a stable word.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package static let libraryName = Code(description: "modules.library_name")
        package static let libraryMissing = Code(description: "modules.library_missing")
        package static let libraryUnloadable = Code(description: "modules.library_unloadable")
        package static let noEntry = Code(description: "modules.no_entry")
        package static let stampMismatch = Code(description: "modules.stamp_mismatch")
        package static let wrongModule = Code(description: "modules.wrong_module")
        package static let settings = Code(description: "modules.settings")
        package static let startFailed = Code(description: "modules.start_failed")
        package static let registerFailed = Code(description: "modules.register_failed")
        package static let undeclared = Code(description: "modules.undeclared")
        package static let serviceTaken = Code(description: "modules.service_taken")
    }

    /// One thing that is wrong with one module.
    package struct Finding: Sendable, Hashable, CustomStringConvertible {
        package let code: Code
        /// Id of the module, by its manifest.
        package let module: String
        /// What, where, and what to do. Safe for logs.
        package let message: String

        package init(_ code: Code, module: String, _ message: String) {
            self.code = code
            self.module = module
            self.message = message
        }

        package var description: String { "\(code): module '\(module)': \(message)" }
    }

    /// At least one, in the order of the modules.
    package let findings: [Finding]

    package init(findings: [Finding]) {
        self.findings = findings
    }

    init(_ code: Code, module: String, _ message: String) {
        findings = [Finding(code, module: module, message)]
    }

    package var description: String { findings.map(\.description).joined(separator: "\n") }
}
