"""One scale for all families: on red wine the order is the one that a reader would give."""

from workbench import Regressor, load


def test_sizes_order_families_on_red_wine():
    table = load("wine-quality-red")
    models = {
        "tree": ("tree", {"max_leaf_nodes": 12}),
        "ebm without pairs": ("ebm", {"interactions": 0}),
        "ebm": ("ebm", {}),
        "xgboost": ("xgboost", {}),
        "forest": ("forest", {}),
    }
    sizes = [Regressor(f, **params).fit(table.X, table.y).form_.size for f, params in models.values()]
    assert sizes == sorted(sizes), dict(zip(models, sizes, strict=True))
    assert len(set(sizes)) == len(sizes)
    assert Regressor("linear").fit(table.X, table.y).form_.size < sizes[1]


def test_a_forest_s_trees_are_capped_by_default():
    table = load("bikeshare")
    X = table.X[list(table.features)]
    form = Regressor("forest", n_estimators=2).fit(X, table.y).form_
    assert max(int(tree.is_leaf.sum()) for tree in form.body.terms) == 1_000
