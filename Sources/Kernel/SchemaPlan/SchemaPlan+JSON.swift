import Catalog

extension SchemaPlan {
    /// The plan for programs. Keys stay; new ones may come.
    package var json: String {
        var json = JSONText()
        json.object { json in
            json.member("empty", isEmpty)
            json.member("applicable", problems.isEmpty)
            json.member("digest", target.digest)
            json.member("previous_digest", previousDigest)
            json.array("steps", steps) { json, step in
                json.object { json in
                    json.member("phase", "\(step.phase)")
                    json.member("summary", step.summary)
                    json.member("sql", step.sql)
                    json.array("locks", step.locks) { json, lock in
                        json.object { json in
                            json.member("table", lock.table.description)
                            json.member("mode", lock.mode.rawValue)
                        }
                    }
                    json.member("rewrites_table", step.rewrites)
                    json.member("scans_table", step.scans)
                    json.member("effect", step.effect)
                }
            }
            json.array("rights", rightsChanges) { json, change in
                json.object { json in
                    json.member("role", change.subject.role)
                    json.member("type", change.subject.type)
                    json.member("aspect", change.subject.aspect)
                    json.member("before", change.before)
                    json.member("after", change.after)
                }
            }
            json.array("subscriptions", subscriptionChanges) { json, change in
                json.object { json in
                    json.member("id", change.id)
                    json.member("change", change.kind.rawValue)
                }
            }
            json.array("role_problems", roleProblems) { json, problem in json.string(problem) }
            json.array("held_choices", heldChoices) { json, held in
                json.object { json in
                    json.member("field", held.field)
                    json.member("choice", held.choice)
                    json.member("records", Int(held.records))
                }
            }
            json.array("problems", problems) { json, problem in
                json.object { json in
                    json.member("code", problem.code.description)
                    json.member("target", problem.target)
                    json.member("message", problem.message)
                    json.member("remedy", problem.remedy)
                    json.array("examples", problem.examples) { json, example in
                        json.object { json in
                            json.array("values", example.values) { json, value in json.string(value) }
                            json.member("records", Int(example.records))
                        }
                    }
                    json.member("query", problem.query)
                }
            }
        }
        return json.text
    }
}

extension DesiredSchema {
    /// The schema document: what `apply` leaves in the database.
    package var document: String { document(withMeanings: true) }

    /// - Parameter withMeanings: also what no table depends on: what roles say, and the choices that there are.
    private func document(withMeanings: Bool) -> String {
        var json = JSONText()
        json.object { json in
            json.member("format", 1)
            json.array("tables", tables.sorted { $0.name.description < $1.name.description }) { json, table in
                json.object { json in table.write(to: &json) }
            }
            json.array("fields", fields.sorted { $0.path < $1.path }) { json, field in
                json.object { json in
                    json.member("path", field.path)
                    json.member("type", field.signature.description)
                    json.member("owner", field.owner)
                }
            }
            guard withMeanings else { return }
            json.array("rights", rights.sayings.sorted { $0.key < $1.key }) { json, saying in
                json.object { json in
                    json.member("role", saying.key.role)
                    json.member("type", saying.key.type)
                    json.member("aspect", saying.key.aspect)
                    json.member("covers", saying.value)
                }
            }
            json.array("choices", fields.filter { !$0.choices.isEmpty }.sorted { $0.path < $1.path }) { json, field in
                json.object { json in
                    json.member("field", field.path)
                    json.array("keys", field.choices) { json, key in json.string(key) }
                }
            }
        }
        return json.text
    }

    /// Two catalogs with the same digest need the same tables.
    package var digest: String { StorageName.digest(document(withMeanings: false)) }
}

extension DesiredTable {
    fileprivate func write(to json: inout JSONText) {
        json.member("name", name.description)
        json.member("owner", owner)
        json.member("subject", subject)
        // Sorted, since what a table is doesn't depend on the order in which it came to be.
        json.array("columns", columns.sorted { $0.name < $1.name }) { json, column in
            json.object { json in
                json.member("name", column.name)
                json.member("definition", column.definition)
            }
        }
        json.array("primary_key", primaryKey.columns) { json, column in json.string(column) }
        let constraints = checks.map { "\($0.name) CHECK (\($0.expression))" } + foreignKeys.map(\.definition)
        json.array("constraints", constraints.sorted()) { json, text in json.string(text) }
        json.array("indexes", indexes.map { $0.definition(on: name) }.sorted()) { json, text in json.string(text) }
    }
}
