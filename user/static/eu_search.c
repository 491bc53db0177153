/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the static libelf of elfutils 0.192 calls and does not contain (sourceware bug 32293).
 *
 * The names and the contracts are those of that release's lib/eu-search.h. Its tree has a lock
 * behind the root if elfutils was built to be safe among threads; dwell reads each ELF file in
 * one thread, so the root is all that is touched. Other releases of libelf have these functions
 * themselves, or do not need them, and then the linker takes nothing of this file.
 */
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root;
};

typedef int (*compare_fn)(const void *, const void *);

void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));
void *eu_tsearch(const void *key, struct search_tree *tree, compare_fn compare);
void *eu_tdelete(const void *key, struct search_tree *tree, compare_fn compare);

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tdelete(key, &tree->root, compare);
}
