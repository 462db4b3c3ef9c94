/*
 * src/layout.h
 *
 * Version of the CRM schema that create_crm makes: the number in its
 * crm_layout row.  It rises when tables or their meaning change, apart from
 * the version of the extension.
 */
#ifndef CRM_LAYOUT_H
#define CRM_LAYOUT_H

#define CRM_LAYOUT_VERSION 1

#endif							/* CRM_LAYOUT_H */
